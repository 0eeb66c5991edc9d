import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cacheKey } from './debian-packages.js';
import { atLeast } from './find-binary.js';
import { provisionBinaries } from './provision-binaries.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-provision-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that prints `text` and ends with `status`. */
function program(path: string, text: string, status = 0): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\ncat >&2 <<'EOF'\n${text}\nEOF\nexit ${status}\n`);
  chmodSync(path, 0o755);
  return path;
}
const NATS = 'nats-server: v2.10.7';
const REDIS = 'Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64';
const bin = (name: string) => join(folder, 'bin', name);
/** Our own folder first, then what `#!/bin/sh` scripts need. */
const pathEnv = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: `${join(folder, 'bin')}:/bin`,
  HOME: folder,
  ...extra,
});
const options = (env: NodeJS.ProcessEnv) => ({ env, extraFolders: [] });

describe('provisionBinaries', () => {
  it('takes the environment variable before the PATH', async () => {
    program(bin('nats-server'), NATS);
    program(bin('redis-server'), REDIS);
    const own = program(join(folder, 'mine'), 'nats-server: v2.9.10');
    const found = await provisionBinaries(options(pathEnv({ NATS_SERVER_BIN: own })));
    expect(found).toEqual({
      natsServer: own,
      redisServer: bin('redis-server'),
      env: {},
      versions: { nats: '2.9.10', redis: '7.2.4' },
      sources: { nats: 'environment', redis: 'path' },
    });
  });

  it('says which variable names something that does not run', async () => {
    program(bin('redis-server'), REDIS);
    const env = pathEnv({ NATS_SERVER_BIN: join(folder, 'absent') });
    await expect(provisionBinaries(options(env))).rejects.toThrow(
      /NATS_SERVER_BIN=.*absent is not a nats-server/,
    );
  });

  it('refuses a named binary that is too old', async () => {
    const old = program(join(folder, 'old'), 'nats-server: v2.8.4');
    const env = pathEnv({ NATS_SERVER_BIN: old });
    await expect(provisionBinaries(options(env))).rejects.toThrow(/2\.8\.4, but 2\.9\.10 or newer is needed/);
  });

  it('accepts valkey where redis is absent', async () => {
    program(bin('nats-server'), NATS);
    program(bin('valkey-server'), 'Valkey server v=8.1.1 sha=00000000');
    const found = await provisionBinaries(options(pathEnv()));
    expect(found.redisServer).toBe(bin('valkey-server'));
  });

  it.each([
    [
      'a full disk',
      'E: You don’t have enough free space: No space left on device',
      /disk that holds .* is full/,
    ],
    ['no network', 'E: Failed to fetch http://x  Temporary failure resolving x', /mirror cannot be reached/],
    ['anything else', 'E: the sky fell', /apt-get .*failed: E: the sky fell/],
  ])('explains %s in one sentence', async (_name, output, message) => {
    for (const tool of ['apt-cache', 'dpkg-deb']) program(bin(tool), '');
    writeFileSync(
      bin('apt-get'),
      `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho '${output}' >&2\nexit 100\n`,
    );
    chmodSync(bin('apt-get'), 0o755);
    const error: Error = await provisionBinaries(options(pathEnv())).then(
      () => new Error('it succeeded'),
      (reason: Error) => reason,
    );
    expect(error.message).toMatch(message);
    expect(error.message.split('\n')).toHaveLength(1);
    expect(readdirSync(join(folder, '.cache', 'penstock', 'bin'))).toEqual([]);
  });

  it('names the command to install where there is no apt', async () => {
    program(bin('nats-server'), NATS);
    for (const tool of ['apt-get', 'dpkg-deb']) program(bin(tool), '', 1);
    await expect(provisionBinaries(options(pathEnv()))).rejects.toThrow(
      /^redis-server not found .*install with: /,
    );
  });
});

const onDebian = existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
(onDebian ? describe : describe.skip)('provisionBinaries from Debian packages', () => {
  it('downloads once for callers at the same time, then works offline', async () => {
    const env = { PATH: '/usr/bin:/bin', HOME: folder, XDG_CACHE_HOME: folder };
    const hidden = { env: { ...env, PATH: debianTools() }, extraFolders: [] };
    const both = await Promise.all([provisionBinaries(hidden), provisionBinaries(hidden)]);
    expect(both.map((found) => found.sources.nats)).toEqual(['download', 'download']);
    const root = join(folder, 'penstock', 'bin', cacheKey());
    expect(both[1]?.natsServer).toBe(join(root, 'usr/sbin/nats-server'));
    expect(readdirSync(dirname(root))).toEqual([cacheKey()]);

    const offline = await provisionBinaries({ env: { XDG_CACHE_HOME: folder, PATH: '' }, extraFolders: [] });
    expect(offline.sources).toEqual({ nats: 'cache', redis: 'cache' });
    expect(offline.env['LD_LIBRARY_PATH']).toContain(root);
  }, 120_000);

  /** The packaging tools without any server that this machine may have installed. */
  function debianTools(): string {
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    for (const tool of ['apt-get', 'apt-cache', 'dpkg-deb', 'tar', 'sh', 'rm']) {
      writeFileSync(join(tools, tool), `#!/bin/sh\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec ${tool} "$@"\n`);
      chmodSync(join(tools, tool), 0o755);
    }
    return tools;
  }
});

describe('atLeast', () => {
  it('compares numbers, not text', () => {
    expect(atLeast('2.10.0', '2.9.10')).toBe(true);
    expect(atLeast('2.9.10', '2.9.10')).toBe(true);
    expect(atLeast('2.9.9', '2.9.10')).toBe(false);
  });
});
