// Runs jest on the workspace, or on the folder given first: `node .config/jest.mjs libs/core -t name`.
// With PENSTOCK_TEST_CLUSTER=kube, runs the tests named *.cluster.spec.ts against a real API server.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const args = process.argv.slice(2).map((a) => (/^(apps|libs)\/[^/]+$/.test(a) ? `${root}/${a}/` : a));
const config = process.env.PENSTOCK_TEST_CLUSTER === 'kube' ? 'jest.cluster.config.mjs' : 'jest.config.mjs';
const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    `${root}/node_modules/jest/bin/jest.js`,
    '-c',
    `${root}/.config/${config}`,
    ...args,
  ],
  { stdio: 'inherit', cwd: root },
);
process.exit(status ?? 1);
