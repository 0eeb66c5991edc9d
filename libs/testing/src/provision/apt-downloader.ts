import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectSuccess } from './expect-success.js';
import { runCommand } from './run-command.js';

/** Must match the system's own loader, hence never taken from a package. */
const SYSTEM_LIBRARIES = /^(libc6|libc-bin|libcrypt1|libgcc-s1|libpam.*|libselinux1|libsemanage.*)$/;
const NOT_FOLLOWED = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances', 'pre-depends'];

/** apt used to download without root: with the system's package lists, or with its own where those are missing. */
export class AptDownloader {
  private constructor(
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly options: readonly string[],
  ) {}

  /** Files land in `folder`, which also holds the lists when the system has none. */
  static async open(folder: string, env: NodeJS.ProcessEnv): Promise<AptDownloader> {
    const options = [
      '-o',
      'APT::Sandbox::User=root',
      '-o',
      'Acquire::Retries=2',
      '-o',
      'Acquire::http::Timeout=20',
    ];
    const known = await runCommand('apt-cache', ['show', 'nats-server', 'redis-server'], { env });
    if (known.status !== 0) {
      const state = join(folder, 'apt-state');
      const cache = join(folder, 'apt-cache');
      mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
      mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
      // Every folder by name: a system's configuration may name any of them absolutely.
      options.push('-o', `Dir::State=${state}`, '-o', `Dir::State::lists=${join(state, 'lists')}`);
      options.push('-o', 'Dir::State::status=/var/lib/dpkg/status');
      options.push('-o', `Dir::Cache=${cache}`, '-o', `Dir::Cache::archives=${join(cache, 'archives')}`);
      expectSuccess(await runCommand('apt-get', [...options, 'update'], { env }), 'apt-get update', folder);
    }
    return new AptDownloader(folder, env, options);
  }

  /** Those of `packages` that this release has. */
  async known(packages: readonly string[]): Promise<string[]> {
    const result = await runCommand('apt-cache', [...this.options, 'show', ...packages], { env: this.env });
    const names = new Set(Array.from(result.stdout.matchAll(/^Package: (\S+)$/gm), (match) => match[1]));
    return packages.filter((name) => names.has(name));
  }

  async download(packages: readonly string[]): Promise<void> {
    if (packages.length === 0) return;
    const result = await runCommand('apt-get', [...this.options, 'download', ...packages], {
      cwd: this.folder,
      env: this.env,
    });
    expectSuccess(result, `apt-get download ${packages.join(' ')}`, this.folder);
  }

  /** Every library that redis depends on, directly or not, but those the system must bring. */
  async redisLibraries(): Promise<string[]> {
    const flags = NOT_FOLLOWED.map((kind) => `--no-${kind}`);
    const result = await runCommand(
      'apt-cache',
      [...this.options, 'depends', '--recurse', ...flags, 'redis-tools'],
      { env: this.env },
    );
    const names = result.stdout.split('\n').filter((line) => /^lib[a-z0-9.+-]+$/.test(line));
    return this.known(names.filter((name) => !SYSTEM_LIBRARIES.test(name)));
  }
}
