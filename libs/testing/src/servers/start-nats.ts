import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { provisionBinaries } from '../provision/index.js';
import { ManagedServer } from './managed-server.js';
import { type NatsCommandOptions, natsCommand } from './server-command.js';
import { ServerProcess, untilReady } from './server-process.js';

export interface StartNatsOptions {
  /** Folder for JetStream's files; a temporary one by default. */
  readonly dataDir?: string;
  /** Port on 127.0.0.1; a free one chosen by the server by default. */
  readonly port?: number;
  /** JetStream is on unless this is false. */
  readonly jetstream?: boolean;
  /** Without it everybody is let in. */
  readonly login?: NatsCommandOptions['login'];
  readonly timeoutMs?: number;
}

/** Starts a real nats-server on loopback and resolves when that very process answers a client. */
export async function startNats(options: StartNatsOptions = {}): Promise<ManagedServer> {
  const binaries = await provisionBinaries();
  const timeoutMs = options.timeoutMs ?? 20_000;
  return ManagedServer.start('nats', options.dataDir, options.port, (dataDir) => {
    const storeDir = join(dataDir, 'jetstream-store');
    const portsDir = join(dataDir, 'ports');
    return {
      wipe: () => rmSync(storeDir, { recursive: true, force: true }),
      async start(port) {
        mkdirSync(portsDir, { recursive: true });
        const serverName = `penstock-${randomUUID()}`;
        const server = new ServerProcess(
          natsCommand(binaries, {
            port: port ?? -1,
            dataDir: options.jetstream === false ? undefined : storeDir,
            serverName,
            portsDir,
            ...(options.login && { login: options.login }),
          }),
        );
        try {
          const bound = await untilReady(server, async () => listeningPort(portsDir, server.pid), timeoutMs);
          await untilReady(server, () => answersAs(bound, serverName, options.login), timeoutMs);
          return { process: server, port: bound };
        } catch (error) {
          await server.kill();
          throw error;
        }
      },
    };
  });
}

/** nats-server writes `nats-server_<pid>.ports` when it listens, hence the port is this process's own. */
function listeningPort(portsDir: string, pid: number): number | undefined {
  const text = readFileSync(join(portsDir, `nats-server_${pid}.ports`), 'utf8');
  const { nats } = JSON.parse(text) as { nats?: string[] };
  const url = nats?.[0];
  return url ? Number(new URL(url).port) : undefined;
}

async function answersAs(
  port: number,
  serverName: string,
  login: NatsCommandOptions['login'],
): Promise<true | undefined> {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    reconnect: false,
    timeout: 1000,
    ...(login && { user: login.user, pass: login.password }),
  });
  const isOurs = connection.info?.server_name === serverName;
  await connection.close();
  return isOurs ? true : undefined;
}
