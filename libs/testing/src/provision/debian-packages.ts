import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AptDownloader } from './apt-downloader.js';
import { expectSuccess } from './expect-success.js';
import { type FoundBinary, versionOf } from './find-binary.js';
import { ProvisionError } from './provision-error.js';
import { runCommand } from './run-command.js';
import { NATS_SERVER, REDIS_SERVER, type ServerKind } from './server-kinds.js';

export interface UnpackedServers {
  readonly nats: FoundBinary;
  readonly redis: FoundBinary;
  /** Environment the unpacked programs need on top of the caller's. */
  readonly env: Readonly<Record<string, string>>;
}

const SERVERS = ['nats-server', 'redis-server', 'redis-tools'];
/** What a minimal Debian lacks; names that a release does not know are left out. */
const LIBRARIES = ['libjemalloc2', 'liblzf1', 'liblua5.1-0', 'lua-bitop', 'lua-cjson', 'libatomic1'];

/** Name of the cache folder: a binary unpacked on one release is never run on another. */
export function cacheKey(osRelease = readText('/etc/os-release')): string {
  const field = (name: string) =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? 'unknown';
  return `${field('ID')}-${field('VERSION_ID')}-${process.arch}`.replace(/[^A-Za-z0-9._-]/g, '_');
}

/** What an earlier run unpacked, when it still runs; needs no network. */
export async function unpackedServers(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<UnpackedServers | undefined> {
  const extra = { LD_LIBRARY_PATH: libraryFolders(folder).join(':') };
  const find = async (kind: ServerKind): Promise<FoundBinary | undefined> => {
    const path = join(folder, kind.debianPath);
    const version = await versionOf(kind, path, { ...env, ...extra });
    return version ? { path, version } : undefined;
  };
  const [nats, redis] = await Promise.all([find(NATS_SERVER), find(REDIS_SERVER)]);
  return nats && redis ? { nats, redis, env: extra } : undefined;
}

/**
 * Downloads Debian's packages without root (apt verifies their signatures) and unpacks them into `folder`.
 * Safe to run in several processes at once: each works in its own folder, and the first rename wins.
 */
export async function unpackDebianPackages(folder: string, env: NodeJS.ProcessEnv): Promise<UnpackedServers> {
  const parent = join(folder, '..');
  const work = makeWorkFolder(parent);
  try {
    const apt = await AptDownloader.open(work, env);
    await apt.download([...SERVERS, ...(await apt.known(LIBRARIES))]);
    const root = join(work, 'root');
    await unpack(work, root, env);
    if (!(await unpackedServers(root, env))) {
      await apt.download(await apt.redisLibraries());
      await unpack(work, root, env);
    }
    if (!(await unpackedServers(root, env))) {
      throw new ProvisionError(
        `Debian's nats-server and redis-server were unpacked under ${folder} but do not run on this system; install them with your package manager, or set NATS_SERVER_BIN and REDIS_SERVER_BIN.`,
      );
    }
    await moveIntoPlace(root, folder, env);
    const servers = await unpackedServers(folder, env);
    if (!servers)
      throw new ProvisionError(`${folder} changed while it was being filled; run the command again.`);
    return servers;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function unpack(from: string, root: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (const file of readdirSync(from).filter((name) => name.endsWith('.deb'))) {
    const archive = join(from, file);
    expectSuccess(await runCommand('dpkg-deb', ['-x', archive, root], { env }), `dpkg-deb -x ${file}`, root);
    rmSync(archive);
  }
}

async function moveIntoPlace(root: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      renameSync(root, folder);
      return;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    if (await unpackedServers(folder, env)) return;
    // Left by something that was not us, or damaged: aside with it, so that the next rename is atomic again.
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeWorkFolder(parent: string): string {
  try {
    mkdirSync(parent, { recursive: true });
    for (const name of readdirSync(parent)) {
      const pid = /^\.unpack-(\d+)-/.exec(name)?.[1];
      if (pid && !isAlive(Number(pid))) rmSync(join(parent, name), { recursive: true, force: true });
    }
    return mkdtempSync(join(parent, `.unpack-${process.pid}-`));
  } catch (error) {
    throw new ProvisionError(
      `cannot write to ${parent} (${(error as Error).message}); free space there or point XDG_CACHE_HOME at a writable folder.`,
    );
  }
}

/** Folders below `root` that hold shared libraries. */
function libraryFolders(root: string): string[] {
  const found: string[] = [];
  for (const base of ['usr/lib', 'lib']) {
    for (const entry of listing(join(root, base))) {
      const folder = join(root, base, entry);
      if (listing(folder).some((name) => name.includes('.so'))) found.push(folder);
    }
  }
  return found;
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
