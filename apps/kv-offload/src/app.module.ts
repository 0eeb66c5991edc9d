import { Module } from '@nestjs/common';
import { KubernetesCluster, logNotices } from '@penstock/cluster';
import { NatsEventBus } from '@penstock/messaging';
import { type ServiceContext, systemClock } from '@penstock/platform';
import { S3ObjectStore } from '@penstock/store';
import { connectGrpcKvNode } from './adapters/grpc-kv-node.js';
import type { OffloadPorts } from './assemble-offload.js';
import type { KvOffloadConfig } from './config.js';
import { OffloadModule, providePorts } from './offload.module.js';

/** What kv-offload talks to: the only file that binds ports to adapters. */
@Module({ imports: [OffloadModule.with(providePorts(bind))] })
export class AppModule {}

function bind({ config, service, instance, logger }: ServiceContext<KvOffloadConfig>): OffloadPorts {
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
  const store = connectS3(config);
  return {
    cluster,
    bus,
    clock: systemClock,
    connect: (address) => connectGrpcKvNode(address, { moveMs: config.moveTimeoutMs }),
    store,
    close: async () => {
      await Promise.all([cluster.close(), bus.close(), store?.close()]);
    },
  };
}

function connectS3(config: KvOffloadConfig): S3ObjectStore | undefined {
  const { s3Bucket: bucket, s3Endpoint: endpoint, s3Prefix: prefix, s3Region: region } = config;
  const { s3AccessKeyIdFile: accessKeyIdFile, s3SecretAccessKeyFile: secretAccessKeyFile } = config;
  if (bucket === undefined) return undefined;
  const files = accessKeyIdFile !== undefined && secretAccessKeyFile !== undefined;
  return S3ObjectStore.connect({
    ...{ bucket, endpoint, prefix, region },
    ...(files && { credentials: { accessKeyIdFile, secretAccessKeyFile } }),
  });
}
