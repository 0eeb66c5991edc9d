// Writes what is generated from the contracts: gRPC types, JSON Schemas of the events.
// With --check it writes nothing and exits 1 when a file on disk differs.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const lib = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const root = join(lib, '../..');
const check = process.argv.includes('--check');
const stale = [];

function put(path, text) {
  if (check) {
    let current = '';
    try {
      current = readFileSync(path, 'utf8');
    } catch {
      // Missing counts as stale.
    }
    if (current !== text) stale.push(path.slice(root.length + 1));
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function generateProto() {
  const out = mkdtempSync(join(tmpdir(), 'penstock-proto-'));
  const result = spawnSync(
    join(root, 'node_modules/.bin/buf'),
    ['generate', '--output', join(out, 'x/y'), '--template', join(lib, 'proto/buf.gen.yaml')],
    { cwd: join(lib, 'proto'), encoding: 'utf8' },
  );
  if (result.status !== 0) throw new Error(`buf generate failed:\n${result.stderr}`);
  const generated = join(out, 'x/src/gen');
  for (const file of readdirSync(generated, { recursive: true })) {
    if (String(file).endsWith('.ts'))
      put(join(lib, 'src/gen', String(file)), readFileSync(join(generated, String(file)), 'utf8'));
  }
  rmSync(out, { recursive: true });
}

generateProto();
const { EVENTS, eventSchema } = await import('../dist/index.js');
for (const definition of Object.values(EVENTS)) {
  put(
    join(lib, 'schemas', `${definition.type}.v${definition.version}.json`),
    `${JSON.stringify(eventSchema(definition), null, 2)}\n`,
  );
}
if (stale.length > 0) {
  process.stderr.write(
    `generated files are stale: ${stale.join(', ')}; run \`npm run build && npm run generate\`\n`,
  );
  process.exit(1);
}
