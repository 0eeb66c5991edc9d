import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ManagedServer } from '../servers/managed-server.js';
import { ServerProcess, untilReady } from '../servers/server-process.js';
import { s3ServerCommand } from './s3-server-command.js';

export interface StartS3Options {
  /** Folder of the objects; a temporary one by default. */
  readonly dataDir?: string;
  /** Port on 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Default `penstock`. */
  readonly bucket?: string;
  readonly timeoutMs?: number;
}

/** Starts the S3 server as a process of its own, which can be paused, killed and started again on its data. */
export async function startS3(options: StartS3Options = {}): Promise<ManagedServer> {
  const { bucket = 'penstock', timeoutMs = 20_000 } = options;
  return ManagedServer.start('http', options.dataDir, options.port, (dataDir) => ({
    wipe: () => {
      for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true, force: true });
    },
    async start(port) {
      mkdirSync(dataDir, { recursive: true });
      const server = new ServerProcess(s3ServerCommand({ port: port ?? 0, dataDir, bucket }));
      try {
        const bound = await untilReady(server, async () => listeningPort(server), timeoutMs);
        return { process: server, port: bound };
      } catch (error) {
        await server.kill();
        throw error;
      }
    },
  }));
}

function listeningPort(server: ServerProcess): number | undefined {
  const line = server.output.split('\n').find((text) => text.startsWith('{"ready":true'));
  return line === undefined ? undefined : Number(new URL((JSON.parse(line) as { url: string }).url).port);
}
