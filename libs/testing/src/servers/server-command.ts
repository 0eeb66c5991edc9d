import type { ProvisionedBinaries } from '../provision/index.js';

/** How a supervisor starts a program; `env` is added to its own environment. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface NatsCommandOptions {
  /** TCP port on 127.0.0.1; -1 lets the server choose one. */
  readonly port: number;
  /** Folder of the JetStream files; JetStream is off without it. */
  readonly dataDir?: string;
  /** Name that the server reports to clients: tells our server from a stranger on the same port. */
  readonly serverName?: string;
  /** Folder in which the server writes the ports it listens on. */
  readonly portsDir?: string;
  /** Nobody else is let in. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** nats-server on loopback, configured by flags only. */
export function natsCommand(binaries: ProvisionedBinaries, options: NatsCommandOptions): ServerCommand {
  const args = ['--addr', '127.0.0.1', '--port', String(options.port)];
  if (options.dataDir !== undefined) args.push('--jetstream', '--store_dir', options.dataDir);
  if (options.serverName !== undefined) args.push('--name', options.serverName);
  if (options.portsDir !== undefined) args.push('--ports_file_dir', options.portsDir);
  const { login } = options;
  if (login) args.push('--user', login.user, '--pass', login.password);
  return { command: binaries.natsServer, args, env: binaries.env };
}

export interface RedisCommandOptions {
  /** TCP port on 127.0.0.1. */
  readonly port: number;
  readonly dataDir: string;
  /** Keeps the data over restarts in an append-only file; off by default, as the suite rebuilds it. */
  readonly persistent?: boolean;
  /** Evicts nothing and refuses writes above this size; unlimited by default. */
  readonly maxMemoryBytes?: number;
  /** Speaks the cluster protocol; slots must be assigned before use. */
  readonly cluster?: boolean;
}

/** redis-server on loopback without a configuration file. */
export function redisCommand(binaries: ProvisionedBinaries, options: RedisCommandOptions): ServerCommand {
  const args = ['--bind', '127.0.0.1', '--port', String(options.port), '--dir', options.dataDir];
  args.push('--save', '', '--appendonly', options.persistent ? 'yes' : 'no', '--daemonize', 'no');
  if (options.maxMemoryBytes !== undefined) args.push('--maxmemory', String(options.maxMemoryBytes));
  if (options.cluster) args.push('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
  return { command: binaries.redisServer, args, env: binaries.env };
}
