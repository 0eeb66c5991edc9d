import { Module } from '@nestjs/common';
import type { ServiceContext } from '@penstock/platform';
import { systemClock } from '@penstock/platform';
import { S3ObjectStore } from '@penstock/store';
import type { KvNodePorts } from './assemble-kv-node.js';
import type { KvNodeConfig } from './config.js';
import { KvNodeModule, providePorts } from './kv-node.module.js';
import { tierSettings } from './tier-settings.js';
import { nodeFileSystem } from './tiers/file-system.js';

/** What kv-node talks to: the only file that binds ports to adapters. */
@Module({ imports: [KvNodeModule.with(providePorts(bind))] })
export class AppModule {}

function bind({ config }: ServiceContext<KvNodeConfig>): KvNodePorts {
  const { s3 } = tierSettings(config);
  return {
    fs: nodeFileSystem,
    clock: systemClock,
    ...(s3 ? { objects: S3ObjectStore.connect({ ...s3, connections: config.concurrency * 2 }) } : {}),
  };
}
