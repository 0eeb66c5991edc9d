// Installs the packages of the lock file, once per lock file.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Makes node_modules match package-lock.json: `npm ci` when its marker differs from the lock file's hash, nothing
 * otherwise. Throws one sentence that says what went wrong and what to do.
 */
export async function install(root, run) {
  const marker = `${root}/node_modules/.penstock-lock`;
  const hash = createHash('sha256')
    .update(readFileSync(`${root}/package-lock.json`))
    .digest('hex');
  try {
    if (readFileSync(marker, 'utf8') === hash) return;
  } catch {
    // No marker: nothing is installed yet, or by another tool.
  }
  process.stderr.write('installing packages (only when the lock file changed) …\n');
  const { code, output } = await run('npm', [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `--prefix=${root}`,
  ]);
  if (code !== 0) {
    process.stderr.write(`${output}\n`);
    throw new Error(explain(output));
  }
  writeFileSync(marker, hash);
}

function explain(output) {
  if (/ENOSPC|no space left/i.test(output))
    return 'npm ci failed: the disk is full; free about 1 GB and run the command again';
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN/.test(output)) {
    return 'npm ci failed: the package registry cannot be reached; check the network or `npm config get registry`';
  }
  if (/EACCES|EPERM/.test(output)) return 'npm ci failed: node_modules cannot be written; check its owner';
  return 'npm ci failed, see above';
}
