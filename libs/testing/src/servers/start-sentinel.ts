import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { provisionBinaries } from '../provision/index.js';
import { ManagedServer } from './managed-server.js';
import { ServerProcess, untilReady } from './server-process.js';
import { freePort } from './start-redis.js';

export interface StartSentinelOptions {
  /** Name of the watched server. */
  readonly name: string;
  /** Port of the watched master on 127.0.0.1. */
  readonly masterPort: number;
  /** A master that is silent for this long is replaced. Default 300 ms. */
  readonly downAfterMs?: number;
  /** Password of the master and its replicas, and of the Sentinel itself. */
  readonly password?: string;
  readonly timeoutMs?: number;
}

/** Starts a real Sentinel on loopback (redis-server is one too) that decides alone. */
export async function startSentinel(options: StartSentinelOptions): Promise<ManagedServer> {
  const { name, masterPort, downAfterMs = 300, password, timeoutMs = 20_000 } = options;
  const binaries = await provisionBinaries();
  return ManagedServer.start('redis', undefined, undefined, (dataDir) => {
    const file = join(dataDir, 'sentinel.conf');
    return {
      wipe: () => rmSync(file, { force: true }),
      async start(wanted) {
        const port = wanted ?? (await freePort());
        const lines = [
          'bind 127.0.0.1',
          `port ${port}`,
          `dir ${dataDir}`,
          `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
          `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
          `sentinel failover-timeout ${name} 2000`,
          ...(password === undefined
            ? []
            : [`requirepass ${password}`, `sentinel auth-pass ${name} ${password}`]),
        ];
        writeFileSync(file, `${lines.join('\n')}\n`);
        const { redisServer: command, env } = binaries;
        const server = new ServerProcess({ command, args: [file, '--sentinel'], env });
        try {
          await untilReady(server, () => answers(port, password), timeoutMs);
        } catch (error) {
          await server.kill();
          throw error;
        }
        return { process: server, port };
      },
    };
  });
}

async function answers(port: number, password: string | undefined): Promise<true> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.call('SENTINEL', 'MASTERS');
    return true;
  } finally {
    client.disconnect();
  }
}
