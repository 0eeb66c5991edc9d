import { createHash } from 'node:crypto';
import { type Lease, leaseKind } from '@penstock/contracts';
import { type Cluster, ClusterError, type Informer, type ResourceKind } from '@penstock/core/ports';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { InstanceRegistration } from './instance-registry.js';
import { isHostPort } from './is-host-port.js';
import type { RegisteredInstances } from './registered-instances.js';

export interface ShareOptions {
  readonly cluster: Cluster;
  /** Of the Leases. */
  readonly namespace: string;
  readonly registry: RegisteredInstances;
  readonly logger: Logger;
  /** Time to the second try while the API does not take an edit; 1 s. It doubles up to a minute. */
  readonly retryMs?: number;
}

type RegistrationLease = Lease & { metadata: { name: string } };

const kind = leaseKind as ResourceKind<RegistrationLease>;
const LABEL = 'penstock.dev/kv-index-registration';
const ANNOTATION = 'penstock.dev/registration';
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;

const name = z.string().refine((value) => value.isWellFormed());
const place = z
  .string()
  .refine((value) => value.startsWith('tcp://') && isHostPort(value.slice('tcp://'.length)));
const registrationSchema = z.object({
  tenantId: name,
  instanceId: name.min(1),
  dpRank: z.number().int().min(0),
  model: z.string().min(1),
  blockSize: z.number().int().min(1),
  endpoint: place,
  replayEndpoint: z.union([z.literal(''), place]),
  type: z.string(),
});

/**
 * Keeps registrations in Kubernetes, so that every replica knows them and none is lost with a replica. Each is a Lease
 * that only `/unregister` ends: the same rights as for the replicas' own Leases suffice. While the API is away this replica
 * goes on with what it knows, and writes it down later.
 */
export class RegistrationSharing {
  /** Edits that the API has not taken yet. */
  private readonly pending = new Map<string, InstanceRegistration | undefined>();
  private readonly leases: Informer<RegistrationLease>;
  private readonly unsubscribe: () => void;
  private writing = false;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: ShareOptions) {
    const { cluster, namespace, registry } = options;
    this.unsubscribe = registry.onEdit((engineId, registration) => {
      this.pending.set(engineId, registration);
      void this.write();
    });
    this.leases = cluster.inform(
      kind,
      { namespace, labelSelector: `${LABEL}=true` },
      { onUpsert: (lease) => this.seen(lease), onDelete: (lease) => this.gone(lease) },
    );
  }

  /** Edits that are not written down yet. */
  get unwritten(): number {
    return this.pending.size;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unsubscribe();
    await this.leases.stop();
  }

  private seen(lease: RegistrationLease): void {
    const { registry, logger } = this.options;
    const registration = registrationOf(lease);
    if (!registration) {
      logger.warn({ lease: lease.metadata.name }, 'a Lease says nothing usable of a registered instance');
      return;
    }
    const engineId = registry.engineIdOf(registration);
    if (!this.pending.has(engineId)) registry.replace(engineId, registration);
  }

  private gone(lease: RegistrationLease): void {
    const registration = registrationOf(lease);
    if (!registration) return;
    const engineId = this.options.registry.engineIdOf(registration);
    if (!this.pending.has(engineId)) this.options.registry.replace(engineId, undefined);
  }

  /** One edit after the other, each until the API has it. */
  private async write(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      for (let next = this.first(); next && !this.stopped; next = this.first()) {
        const [engineId, registration] = next;
        await this.put(engineId, registration);
        // It may have been edited again meanwhile.
        if (this.pending.get(engineId) === registration) this.pending.delete(engineId);
        this.failures = 0;
      }
    } catch (error) {
      const { logger, retryMs = RETRY_MS } = this.options;
      if (error instanceof ClusterError && error.reason === 'forbidden') this.keepRegistered();
      logger.warn({ err: error }, 'other replicas cannot be told of a registration yet; trying again');
      clearTimeout(this.timer);
      const delayMs = Math.min(retryMs * 2 ** this.failures++, MAX_RETRY_MS);
      if (!this.stopped) this.timer = setTimeout(() => void this.write(), delayMs);
    } finally {
      this.writing = false;
    }
  }

  /** Without rights nothing was written down that would have to be taken away. */
  private keepRegistered(): void {
    for (const [engineId, registration] of this.pending)
      if (registration === undefined) this.pending.delete(engineId);
  }

  private first() {
    return this.pending.entries().next().value;
  }

  private async put(engineId: string, registration: InstanceRegistration | undefined): Promise<void> {
    const { cluster, namespace } = this.options;
    const name = `penstock-kv-index-registration-${digestOf(engineId)}`;
    if (registration === undefined) {
      await cluster.delete(kind, namespace, name).catch((error: unknown) => {
        if (!(error instanceof ClusterError && error.reason === 'not-found')) throw error;
      });
      return;
    }
    const metadata = {
      name,
      namespace,
      labels: { [LABEL]: 'true' },
      annotations: { [ANNOTATION]: JSON.stringify(registration) },
    };
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata };
    await cluster.apply(kind, lease as RegistrationLease, { force: true });
  }
}

function registrationOf({ metadata }: RegistrationLease): InstanceRegistration | undefined {
  try {
    return registrationSchema.parse(JSON.parse(metadata.annotations?.[ANNOTATION] ?? ''));
  } catch {
    return undefined;
  }
}

function digestOf(engineId: string): string {
  return createHash('sha256').update(engineId).digest('hex').slice(0, 16);
}
