// `npm run lint`: style, types (tests included), import rules, protos, generated files. Runs them all, then fails if one did.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const bin = (name) => `${root}/node_modules/.bin/${name}`;
const proto = `${root}/libs/contracts/proto`;

const checks = [
  ['build', bin('nx'), ['run-many', '-t', 'build', '--output-style=stream']],
  ['style', bin('biome'), ['check', '.']],
  ['types', bin('tsc'), ['-p', '.config/tsconfig.lint.json']],
  ['imports', bin('depcruise'), ['--config', '.config/dependency-cruiser.cjs', 'libs', 'apps']],
  ['proto style', bin('buf'), ['lint'], proto],
  ['proto compatibility', bin('buf'), ['breaking', '--against', 'baseline.binpb'], proto],
  ['generated files', process.execPath, ['.config/generate.mjs', '--check']],
];

let failed = 0;
for (const [name, command, args, cwd = root] of checks) {
  if (!existsSync(command)) {
    console.error(`✗ ${name}: ${command} is missing; run npm ci`);
    failed += 1;
    continue;
  }
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NX_DAEMON: 'false' },
  });
  if (status === 0) {
    console.log(`✓ ${name}`);
  } else {
    failed += 1;
    console.error(`✗ ${name}\n${stdout}${stderr}`);
  }
}
console.log(`lint: ${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
