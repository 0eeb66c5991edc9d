// The gang-placer as it is built, but killed with SIGKILL at its write number FAULT_AT_WRITE (0 = never), before it or
// after it as FAULT says. Flags are the service's own.
import { KubernetesCluster } from '@penstock/cluster';
import { NatsEventBus } from '@penstock/messaging';
import { bootstrap } from '@penstock/platform';
import { FaultyCluster } from '@penstock/testing';
import { systemClock } from '../../dist/adapters/system-clock.js';
import { config } from '../../dist/config.js';
import { PlacerModule, providePorts } from '../../dist/placer.module.js';

const module = PlacerModule.with(
  providePorts(({ config: { kubeconfig, natsUrl }, service, instance, logger }) => {
    const api = new KubernetesCluster({ service, kubeconfig });
    const bus = NatsEventBus.connect({ servers: [natsUrl], source: `${service}/${instance}`, log: logger });
    const cluster = new FaultyCluster(api, {
      fault: process.env.FAULT ?? 'after',
      atWrite: Number(process.env.FAULT_AT_WRITE ?? 0),
      onFault: () => process.kill(process.pid, 'SIGKILL'),
    });
    const close = async () => {
      await Promise.all([api.close(), bus.close()]);
    };
    return { cluster, bus, clock: systemClock, close };
  }),
);

await bootstrap({ config, module, grpc: { services: ['gangplacer'] } });
