// Measures the layouts that docs/decisions/0001-redis-layout.md compares, and prints its table:
// `node libs/store/test/layout-figures.mjs [engines [part of a name]]` after `npm run build`; three minutes for all.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const node = [
  '--experimental-transform-types',
  '--no-warnings',
  '--expose-gc',
  '--import',
  here('../../../.config/source-loader.mjs'),
];
const { status } = spawnSync(
  process.execPath,
  [...node, here('./figures/main.ts'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
