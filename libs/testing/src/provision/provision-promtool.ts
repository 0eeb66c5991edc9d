import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AptDownloader } from './apt-downloader.js';
import { cacheKey } from './debian-packages.js';
import { expectSuccess } from './expect-success.js';
import { binaryFromEnvironment, binaryFromPath, versionOf } from './find-binary.js';
import { ProvisionError } from './provision-error.js';
import { runCommand } from './run-command.js';
import type { ServerKind } from './server-kinds.js';

const PACKAGE = 'prometheus';
const PROMTOOL: ServerKind = {
  name: 'promtool',
  variable: 'PROMTOOL_BIN',
  programs: ['promtool'],
  minimumVersion: '2.42.0',
  versionPattern: /promtool, version (\d+\.\d+\.\d+)/,
  debianPath: 'usr/bin/promtool',
};

/**
 * Prometheus' own tool that evaluates alerting rules: environment variable, then PATH, then Debian's package unpacked in
 * `${XDG_CACHE_HOME:-~/.cache}/penstock/promtool`.
 *
 * @returns the absolute path
 * @throws ProvisionError with one sentence that names the way out
 */
export async function provisionPromtool(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const found = (await binaryFromEnvironment(PROMTOOL, env)) ?? (await binaryFromPath(PROMTOOL, env));
  if (found) return found.path;
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  const path = join(cache, 'penstock', 'promtool', cacheKey(), 'promtool');
  if (await versionOf(PROMTOOL, path, env)) return path;
  const apt = await runCommand('apt-get', ['--version'], { env });
  if (apt.status !== 0) {
    throw new ProvisionError(
      'promtool not found (PROMTOOL_BIN, PATH); install Prometheus, which brings it, or set PROMTOOL_BIN.',
    );
  }
  await unpack(path, env);
  if (await versionOf(PROMTOOL, path, env)) return path;
  throw new ProvisionError(
    `Debian's promtool was unpacked to ${path} but does not run here; set PROMTOOL_BIN.`,
  );
}

/** Safe to run in several processes at once: each works in its own folder, and a rename replaces the file whole. */
async function unpack(path: string, env: NodeJS.ProcessEnv): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const work = mkdtempSync(join(dirname(path), '.unpack-'));
  try {
    const downloader = await AptDownloader.open(work, env);
    await downloader.download([PACKAGE]);
    const script = `dpkg-deb -x ${PACKAGE}_*.deb root`;
    expectSuccess(await runCommand('sh', ['-c', script], { env, cwd: work }), script, basename(work));
    renameSync(join(work, 'root', PROMTOOL.debianPath), path);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
