import { KubernetesCluster } from '@penstock/cluster';
import { NatsInspector } from '@penstock/messaging';
import type { Addresses } from '../commands/addresses.js';
import { checkCluster } from './checks/check-cluster.js';
import { checkEngines } from './checks/check-engines.js';
import { checkEventFlow } from './checks/check-event-flow.js';
import { checkNats } from './checks/check-nats.js';
import { checkRedis } from './checks/check-redis.js';
import { checkServices } from './checks/check-services.js';
import { checkStorage } from './checks/check-storage.js';
import { checkSuite } from './checks/check-suite.js';
import { checkVersions } from './checks/check-versions.js';
import type { Check } from './finding.js';
import { findings } from './findings.js';

export interface DoctorOptions {
  /** Limit of one answer; a whole check may take three times as long. */
  readonly timeoutMs: number;
  /** How long an event may take. */
  readonly patienceMs: number;
  /** Whether one request of one output token may be sent. */
  readonly mayRoute: boolean;
}

/** A process that reads the kubeconfig has to start before the first request. */
const CREDENTIALS_MS = 5000;

/** Every check that makes sense for these addresses; what cannot be checked says so. `close` when all have run. */
export function checksOf(
  addresses: Addresses | undefined,
  options: DoctorOptions,
): { checks: Check[]; close: () => Promise<void> } {
  const { timeoutMs, patienceMs, mayRoute } = options;
  if (!addresses) return { checks: [checkVersions(), checkSuite(undefined)], close: async () => undefined };
  const { suite, natsUrls, redisUrls, kubeconfig, context, metrics, grpc, frontDoor } = addresses;
  const checks = [checkVersions(), ...(suite ? [checkSuite(suite)] : [])];
  const closers: Array<() => Promise<void>> = [];
  let inspector: Promise<NatsInspector> | undefined;
  if (natsUrls) {
    inspector = NatsInspector.connect({ servers: natsUrls, source: 'penstock/doctor' }, timeoutMs);
    const open = inspector;
    closers.push(() => open.then((nats) => nats.close()).catch(() => undefined));
    checks.push(checkNats(inspector, suite ? 'known' : 'portable'));
  } else checks.push(notGiven('nats', '--nats-url'));
  checks.push(redisUrls ? checkRedis(redisUrls, timeoutMs) : notGiven('redis', '--redis-url'));
  if (kubeconfig !== undefined || context !== undefined) {
    const cluster = new KubernetesCluster({
      kubeconfig,
      context,
      service: 'doctor',
      requestTimeoutMs: timeoutMs + CREDENTIALS_MS,
    });
    closers.push(() => cluster.close());
    checks.push(checkCluster(cluster));
  } else checks.push(notGiven('cluster', '--kubeconfig'));
  checks.push(checkServices(metrics, timeoutMs));
  checks.push(
    grpc['kv-index'] ? checkEngines(grpc['kv-index'], timeoutMs) : notGiven('engines', '--kv-index'),
  );
  const kvOffload = grpc['kv-offload'];
  checks.push(kvOffload ? checkStorage(kvOffload, timeoutMs) : notGiven('storage', '--kv-offload'));
  checks.push(
    inspector
      ? checkEventFlow({ inspector, frontDoor: mayRoute ? frontDoor : undefined, patienceMs, timeoutMs })
      : notGiven('events', '--nats-url'),
  );
  return { checks, close: async () => void (await Promise.all(closers.map((close) => close()))) };
}

const notGiven = (area: string, flag: string): Check => ({
  area,
  run: async () => [findings(area).skip(area, 'not looked at: no address was given', `give ${flag}`)],
});
