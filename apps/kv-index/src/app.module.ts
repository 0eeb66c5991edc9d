import { Module } from '@nestjs/common';
import { KubernetesCluster, logNotices, type NoticeHandler } from '@penstock/cluster';
import { KvEventListener } from '@penstock/engine';
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

async function bind({
  config,
  service,
  instance,
  logger,
}: ServiceContext<KvIndexConfig>): Promise<IndexPorts> {
  // First: what fails here leaves nothing open.
  const listener = await listen(config);
  const cluster = new KubernetesCluster({
    service,
    kubeconfig: config.kubeconfig,
    onNotice: exceptRenewals(logNotices(logger)),
  });
  const bus = NatsEventBus.connect({
    servers: config.natsUrl.split(','),
    source: `${service}/${instance}`,
    log: logger,
  });
  const store = RedisBlockStore.connect({
    urls: config.redisUrl.split(','),
    cluster: config.redisCluster,
    ...(config.redisSentinel && { sentinel: config.redisSentinel }),
    log: logger,
  });
  return {
    cluster,
    bus,
    store,
    clock: systemClock,
    streams: new ZmqEngineStreams(config.kvEventsTopic, logger, listener),
    probe: new HttpEngineProbe(),
    ...(listener && { dialIn: listener.stats }),
    reports: new HttpCacheReports(),
    ...(config.tokenizerDir && { tokenizer: new FolderTokenizer(config.tokenizerDir) }),
    close: async () => {
      await Promise.all([cluster.close(), bus.close(), store.close(), listener?.close()]);
    },
  };
}

/** Where engines dial in, when they are to. */
function listen(config: KvIndexConfig): Promise<KvEventListener> | undefined {
  const { kvEventsBind: endpoint, kvEventsBindRanks: ranks, kvEventsTopic: topic } = config;
  if (endpoint === '') return undefined;
  const end = endpoint.lastIndexOf(':');
  const host = endpoint.slice('tcp://'.length, end).replace(/^\[|\]$/g, '');
  return KvEventListener.bind({ host, port: Number(endpoint.slice(end + 1)), ranks, topic });
}

/** While the API is away renewals of our Lease fail several times a second: `LeaseMembers` tells of it once. */
function exceptRenewals(tell: NoticeHandler): NoticeHandler {
  return (notice) => {
    if (notice.kind !== 'request-failed' || !notice.what.includes('/leases/penstock-kv-index-')) tell(notice);
  };
}
