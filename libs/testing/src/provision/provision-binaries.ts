import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheKey, type UnpackedServers, unpackDebianPackages, unpackedServers } from './debian-packages.js';
import { binaryFromEnvironment, binaryFromPath, type FoundBinary } from './find-binary.js';
import { ProvisionError } from './provision-error.js';
import { runCommand } from './run-command.js';
import { NATS_SERVER, REDIS_SERVER, type ServerKind } from './server-kinds.js';

export type BinarySource = 'environment' | 'path' | 'cache' | 'download';

export interface ProvisionedBinaries {
  /** Absolute path of nats-server. */
  readonly natsServer: string;
  /** Absolute path of redis-server (or valkey-server). */
  readonly redisServer: string;
  /** Variables to add to the environment of both programs; empty unless they were unpacked. */
  readonly env: Readonly<Record<string, string>>;
  readonly versions: { readonly nats: string; readonly redis: string };
  readonly sources: { readonly nats: BinarySource; readonly redis: BinarySource };
}

export interface ProvisionOptions {
  /** Environment to look into; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Folders searched after PATH; the usual server folders by default. */
  readonly extraFolders?: readonly string[];
  /** Called once before a download starts, with one line for people. */
  readonly onDownload?: (message: string) => void;
}

interface Located extends FoundBinary {
  readonly source: BinarySource;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Finds nats-server and redis-server, without root and without docker: environment variable, then PATH,
 * then Debian packages unpacked in `${XDG_CACHE_HOME:-~/.cache}/penstock/bin`. The second time needs no
 * network. Throws `ProvisionError` with one sentence that names the way out.
 */
export async function provisionBinaries(options: ProvisionOptions = {}): Promise<ProvisionedBinaries> {
  const env = options.env ?? process.env;
  const locate = async (kind: ServerKind): Promise<Located | undefined> => {
    const named = await binaryFromEnvironment(kind, env);
    if (named) return { ...named, source: 'environment', env: {} };
    const onPath = await binaryFromPath(kind, env, options.extraFolders);
    return onPath && { ...onPath, source: 'path', env: {} };
  };
  let [nats, redis] = await Promise.all([locate(NATS_SERVER), locate(REDIS_SERVER)]);
  if (!nats || !redis) {
    const missing = [nats ? '' : NATS_SERVER.name, redis ? '' : REDIS_SERVER.name].filter(Boolean);
    const { servers, source } = await fromPackages(env, missing, options.onDownload);
    nats ??= { ...servers.nats, source, env: servers.env };
    redis ??= { ...servers.redis, source, env: servers.env };
  }
  return {
    natsServer: nats.path,
    redisServer: redis.path,
    env: { ...nats.env, ...redis.env },
    versions: { nats: nats.version, redis: redis.version },
    sources: { nats: nats.source, redis: redis.source },
  };
}

async function fromPackages(
  env: NodeJS.ProcessEnv,
  missing: readonly string[],
  onDownload: ((message: string) => void) | undefined,
): Promise<{ servers: UnpackedServers; source: BinarySource }> {
  const folder = join(
    env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'),
    'penstock',
    'bin',
    cacheKey(),
  );
  const cached = await unpackedServers(folder, env);
  if (cached) return { servers: cached, source: 'cache' };
  const apt = await runCommand('apt-get', ['--version'], { env });
  const dpkg = await runCommand('dpkg-deb', ['--version'], { env });
  if (apt.status !== 0 || dpkg.status !== 0) throw new ProvisionError(installMessage(missing));
  onDownload?.(`downloading ${missing.join(' and ')} from the Debian mirror (about 6 MB) into ${folder}`);
  return { servers: await unpackDebianPackages(folder, env), source: 'download' };
}

function installMessage(missing: readonly string[]): string {
  const command =
    process.platform === 'darwin'
      ? 'brew install nats-server redis'
      : 'apt-get install nats-server redis-server (or your distribution’s equivalent)';
  return `${missing.join(' and ')} not found (NATS_SERVER_BIN, REDIS_SERVER_BIN, PATH); install with: ${command}`;
}
