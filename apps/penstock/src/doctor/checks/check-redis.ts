import { maskUrl } from '@penstock/platform';
import { inspectRedis } from '@penstock/store';
import type { Check } from '../finding.js';
import { findings } from '../findings.js';

const { ok, warn } = findings('redis');

/** Whether it answers, which version it is, and whether the index can write to it and read back. */
export const checkRedis = (urls: readonly string[], timeoutMs: number): Check => ({
  area: 'redis',
  run: async () => {
    const isCluster = urls.length > 1;
    const report = await inspectRedis({ urls, cluster: isCluster }, timeoutMs).catch((error: Error) => {
      throw new Error(maskUrl(error.message));
    });
    const { server, version, mode, role } = report;
    return [
      ok('version', `${server} ${version}, ${mode}, ${role}`),
      ok('writable', 'a record was written and read back'),
      ...(mode === 'cluster' && !isCluster
        ? [
            warn(
              'cluster',
              'it is a node of a cluster',
              'give several nodes with commas between, and --redis-cluster to kv-index',
            ),
          ]
        : []),
    ];
  },
});
