import { Module } from '@nestjs/common';
import { KubernetesCluster, logNotices } from '@penstock/cluster';
import { NatsEventBus } from '@penstock/messaging';
import type { ServiceContext } from '@penstock/platform';
import { systemClock } from '@penstock/platform';
import { RedisBlockStore } from '@penstock/store';
import { FolderTokenizer } from './adapters/folder-tokenizer.js';
import { HttpCacheReports } from './adapters/http-cache-reports.js';
import { HttpEngineProbe } from './adapters/http-engine-probe.js';
import { ZmqEngineStreams } from './adapters/zmq-engine-streams.js';
import type { IndexPorts } from './assemble-index.js';
import type { KvIndexConfig } from './config.js';
import { IndexModule, providePorts } from './index.module.js';

/** What the index talks to: the only file that binds ports to adapters. */
@Module({ imports: [IndexModule.with(providePorts(bind))] })
export class AppModule {}

function bind({ config, service, instance, logger }: ServiceContext<KvIndexConfig>): IndexPorts {
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
  const store = RedisBlockStore.connect({
    urls: config.redisUrl.split(','),
    cluster: config.redisCluster,
    log: logger,
  });
  return {
    cluster,
    bus,
    store,
    clock: systemClock,
    streams: new ZmqEngineStreams(config.kvEventsTopic, logger),
    probe: new HttpEngineProbe(),
    reports: new HttpCacheReports(),
    ...(config.tokenizerDir && { tokenizer: new FolderTokenizer(config.tokenizerDir) }),
    close: async () => {
      await Promise.all([cluster.close(), bus.close(), store.close()]);
    },
  };
}
