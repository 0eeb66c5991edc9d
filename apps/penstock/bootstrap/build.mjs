// Builds what changed, and knows without starting the build tool that nothing did.
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a build reads, in every app and library. */
const SOURCES = ['src', 'proto', 'package.json', 'tsconfig.json'];

/**
 * Compiles the workspace unless every source is older than the last good build. `run` starts a program and gives
 * `{ code, output }`. Throws one sentence, with the build's output in `output`, when it fails.
 */
export async function build(root, node, run) {
  const stamp = `${root}/node_modules/.penstock-built`;
  const projects = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name)),
  );
  const startedAtMs = Date.now();
  if (isCurrent(stamp, projects, [`${root}/package-lock.json`, `${root}/tsconfig.base.json`])) return;
  const nx = [`${root}/node_modules/nx/dist/bin/nx.js`, 'run-many', '-t', 'build', '--output-style=stream'];
  const { code, output } = await run(node, nx);
  if (code !== 0) {
    const why = /ENOSPC|no space left/i.test(output) ? 'the disk is full' : 'see above';
    throw Object.assign(new Error(`the build failed: ${why}`), { output });
  }
  // What changed while it was being built may not be in it; file systems write times a few milliseconds late.
  const stampSeconds = startedAtMs / 1000 - 1;
  writeFileSync(stamp, '');
  utimesSync(stamp, stampSeconds, stampSeconds);
}

function isCurrent(stamp, projects, settings) {
  try {
    const builtAtMs = statSync(stamp).mtimeMs;
    const sources = projects.flatMap((project) => SOURCES.map((name) => join(project, name)));
    return (
      projects.every(
        (project) => !existsSync(join(project, 'tsconfig.json')) || existsSync(join(project, 'dist')),
      ) && [...sources, ...settings].every((path) => newestMs(path) < builtAtMs)
    );
  } catch {
    return false;
  }
}

/** Newest change of a file, or of anything in a folder: the folder itself changes when something is removed. */
function newestMs(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return 0;
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(info.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
