import { Module } from '@nestjs/common';
import { KubernetesCluster, logNotices } from '@penstock/cluster';
import { NatsEventBus } from '@penstock/messaging';
import type { ServiceContext } from '@penstock/platform';
import { systemClock } from '@penstock/platform';
import type { AutoscalerPorts } from './assemble-autoscaler.js';
import { AutoscalerModule, providePorts } from './autoscaler.module.js';
import type { AutoscalerConfig } from './config.js';

/** What the autoscaler talks to: the only file that binds ports to adapters. */
@Module({ imports: [AutoscalerModule.with(providePorts(bind))] })
export class AppModule {}

function bind({ config, service, instance, logger }: ServiceContext<AutoscalerConfig>): AutoscalerPorts {
  const cluster = new KubernetesCluster({
    service,
    kubeconfig: config.kubeconfig,
    onNotice: logNotices(logger),
  });
  const bus = NatsEventBus.connect({
    servers: config.natsUrl.split(','),
    source: `${service}/${instance}`,
    log: logger,
  });
  return {
    cluster,
    bus,
    clock: systemClock,
    close: async () => {
      await Promise.all([cluster.close(), bus.close()]);
    },
  };
}
