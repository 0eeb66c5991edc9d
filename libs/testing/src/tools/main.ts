// `npm run tools`: builds the test tools that are not in the cache yet. Run from source, so that it works before anything
// is compiled.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildTools } from './build-tools.js';
import { missingClusterTools } from './missing-cluster-tools.js';
import { TOOL_NAMES, type ToolName } from './tool-list.js';

const USAGE = `usage: npm run tools [-- --cluster | --path <tool>]
  --cluster      only what a real cluster needs and KUBEBUILDER_ASSETS does not hold
  --path <tool>  build that tool and print where it is; one of ${TOOL_NAMES.join(', ')}`;

const say = (line: string): void => void process.stderr.write(`tools: ${line}\n`);

function wanted(cluster: boolean, path: string | undefined): readonly ToolName[] {
  if (path === undefined) return cluster ? missingClusterTools(process.env, say) : TOOL_NAMES;
  const name = TOOL_NAMES.find((known) => known === path);
  if (!name) throw new Error(`--path ${path}: no such tool\n${USAGE}`);
  return [name];
}

try {
  const { values } = parseArgs({
    options: { cluster: { type: 'boolean' }, path: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
  } else {
    const names = wanted(values.cluster === true, values.path);
    const { folder, built } = await buildTools({ names, onProgress: say });
    if (values.path) process.stdout.write(`${join(folder, values.path)}\n`);
    else say(`${names.length} in ${folder}${built.length === 0 ? ', nothing to build' : ''}`);
  }
} catch (error) {
  say((error as Error).message);
  process.exit(1);
}
