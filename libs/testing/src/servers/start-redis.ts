import { readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { provisionBinaries } from '../provision/index.js';
import { ManagedServer } from './managed-server.js';
import { redisCommand } from './server-command.js';
import { ServerProcess, untilReady } from './server-process.js';

export interface StartRedisOptions {
  /** Folder for its files; a temporary one by default. */
  readonly dataDir?: string;
  /** Port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Keeps the data over `restart`; off by default: a restart is a loss of everything. */
  readonly persistent?: boolean;
  readonly maxMemoryBytes?: number;
  /** A cluster of this one node, which serves every slot. */
  readonly cluster?: boolean;
  readonly timeoutMs?: number;
}

/** Another process may take a free port between the look and the start. */
const PORT_ATTEMPTS = 5;
/** The nodes of a cluster talk to each other on their port plus 10,000. */
const HIGHEST_CLUSTER_PORT = 55_535;

/** Starts a real redis-server on loopback and resolves when that very process answers a client. */
export async function startRedis(options: StartRedisOptions = {}): Promise<ManagedServer> {
  const binaries = await provisionBinaries();
  const timeoutMs = options.timeoutMs ?? 20_000;
  return ManagedServer.start('redis', options.dataDir, options.port, (dataDir) => {
    const startOn = async (port: number) => {
      const { persistent, maxMemoryBytes, cluster } = options;
      const server = new ServerProcess(
        redisCommand(binaries, { port, dataDir, persistent, maxMemoryBytes, cluster }),
      );
      try {
        await untilReady(server, () => answersAs(port, server.pid), timeoutMs);
        if (cluster) await untilReady(server, () => servesEverySlot(port), timeoutMs);
        return { process: server, port };
      } catch (error) {
        await server.kill();
        throw error;
      }
    };
    return {
      wipe: () => {
        for (const name of readdirSync(dataDir))
          rmSync(join(dataDir, name), { recursive: true, force: true });
      },
      async start(port) {
        if (port !== undefined) return startOn(port);
        for (let attempt = 1; ; attempt++) {
          try {
            return await startOn(await freePort(options.cluster ? HIGHEST_CLUSTER_PORT : undefined));
          } catch (error) {
            if (attempt === PORT_ATTEMPTS || !/in use/i.test((error as Error).message)) throw error;
          }
        }
      },
    };
  });
}

/** A TCP port of 127.0.0.1, at most `highest`, that nothing listened on a moment ago. */
export async function freePort(highest = 65_535): Promise<number> {
  for (;;) {
    const port = await anyFreePort();
    if (port <= highest) return port;
  }
}

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('the system named no free port on 127.0.0.1'));
      });
    });
  });
}

async function answersAs(port: number, pid: number): Promise<true | undefined> {
  const info = await ask(port, (client) => client.info('server'));
  return info.includes(`process_id:${pid}\r`) ? true : undefined;
}

async function servesEverySlot(port: number): Promise<true | undefined> {
  const info = await ask(port, async (client) => {
    // ADDSLOTSRANGE is not in Redis 6.
    await client.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot)).catch(() => {});
    return client.cluster('INFO');
  });
  return info.includes('cluster_state:ok') ? true : undefined;
}

async function ask(port: number, question: (client: Redis) => Promise<string>): Promise<string> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    commandTimeout: 1000,
    disconnectTimeout: 100,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await question(client);
  } finally {
    client.disconnect();
  }
}
