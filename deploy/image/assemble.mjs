// `node deploy/image/assemble.mjs <folder> [--link]`: puts into a new folder what the image holds as /app: the compiled
// services, the packages they need at run time, and one launcher per entry point. The Dockerfile runs this very file;
// so do the tests, with hard links in place of copies.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copyTree, placeFile } from './copy-tree.mjs';
import { ENTRY_POINTS } from './entry-points.mjs';
import { productionPackages } from './production-packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** Beside code: what services read at run time. */
const FILES = [
  'LICENSE',
  'package.json',
  'deploy/examples/laptop.yaml',
  'deploy/image/apply-manifests.mjs',
  'deploy/image/probe.mjs',
  'libs/engine/tokenizer/tokenizer.json',
  'libs/engine/tokenizer/tokenizer_config.json',
];
const FOLDERS = ['deploy/crds', 'libs/contracts/proto', 'apps/gang-placer/startup-gate'];
/** Compiled code without its types, maps and build records. */
const isCode = (name) => !/\.(d\.ts|map|tsbuildinfo)$/.test(name);

/** Fails with one sentence when something is missing: nothing is left out in silence. */
function assemble(target, link) {
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} is not empty`);
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const path of productionPackages(lock)) {
    if (!existsSync(join(root, path))) {
      if (lock.packages[path].optional) continue;
      throw new Error(`${path} is missing: run npm ci`);
    }
    copyTree(join(root, path), join(target, path), { link });
  }
  for (const workspace of ['libs', 'apps'].flatMap((folder) => workspacesOf(folder))) {
    const dist = join(root, workspace, 'dist');
    if (!existsSync(dist)) throw new Error(`${workspace}/dist is missing: run npm run build`);
    placeFile(join(root, workspace, 'package.json'), join(target, workspace, 'package.json'), link);
    copyTree(dist, join(target, workspace, 'dist'), { link, wanted: isCode });
    linkWorkspace(target, workspace);
  }
  for (const file of FILES) placeFile(join(root, file), join(target, file), link);
  for (const folder of FOLDERS) copyTree(join(root, folder), join(target, folder), { link });
  for (const [name, file] of Object.entries(ENTRY_POINTS)) launcher(target, name, file);
}

function workspacesOf(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => existsSync(join(root, folder, name, 'package.json')))
    .map((name) => `${folder}/${name}`);
}

/** As npm links workspaces. */
function linkWorkspace(target, workspace) {
  const { name } = JSON.parse(readFileSync(join(root, workspace, 'package.json'), 'utf8'));
  const path = join(target, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(relative(dirname(path), join(target, workspace)), path);
}

/** `exec`: Node takes the place of the shell, and so gets the signals of a container. */
function launcher(target, name, file) {
  if (!existsSync(join(target, file))) throw new Error(`entry point ${name}: ${file} is missing`);
  const path = join(target, 'bin', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nexec node "\${0%/*}/../${file}" "$@"\n`);
  chmodSync(path, 0o755);
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { link: { type: 'boolean' } },
  });
  if (positionals.length !== 1) throw new Error('usage: assemble.mjs <folder> [--link]');
  assemble(positionals[0], values.link === true);
} catch (error) {
  process.stderr.write(`assemble: ${error.message}\n`);
  process.exit(1);
}
