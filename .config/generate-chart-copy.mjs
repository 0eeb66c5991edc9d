// Copies deploy/charts/penstock without the charts that others publish, for installations with NATS and Redis of their
// own and for machines that cannot fetch them: `node .config/generate-chart-copy.mjs FOLDER`.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';

const source = fileURLToPath(new URL('../deploy/charts/penstock', import.meta.url));
const [folder] = process.argv.slice(2);
if (!folder || existsSync(folder)) {
  process.stderr.write(
    `${folder ? `${folder} exists already` : 'no folder'}; name one that does not exist yet\n`,
  );
  process.exit(1);
}
cpSync(source, folder, { recursive: true, filter: (path) => !/\.tgz$|Chart\.lock$/.test(path) });
const chart = parseDocument(readFileSync(`${folder}/Chart.yaml`, 'utf8'));
const dependencies = chart.get('dependencies');
dependencies.items = dependencies.items.filter((item) => !item.has('repository'));
writeFileSync(`${folder}/Chart.yaml`, chart.toString({ lineWidth: 0 }));
