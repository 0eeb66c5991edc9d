// `npm run generate`: rewrites every generated file from its source. `--check` changes nothing and fails when one is stale.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const generators = [
  'libs/contracts/scripts/generate.mjs',
  'libs/contracts/scripts/generate-crds.mjs',
  'libs/contracts/scripts/generate-grpc.mjs',
  'libs/contracts/scripts/generate-asyncapi.mjs',
  '.config/generate-reference.mjs',
  '.config/generate-chart.mjs',
];

let failed = false;
for (const script of generators) {
  if (!existsSync(`${root}/${script}`)) continue;
  const { status } = spawnSync(process.execPath, [`${root}/${script}`, ...process.argv.slice(2)], {
    stdio: 'inherit',
    cwd: root,
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
