// `npm run tools`: builds the test tools that are not in the cache yet. With `--cluster`, only what a real cluster needs
// and KUBEBUILDER_ASSETS does not hold. Run from source, so that it works before anything is compiled.
import { buildTools } from './build-tools.js';
import { missingClusterTools } from './missing-cluster-tools.js';
import { TOOL_NAMES } from './tool-list.js';

const say = (line: string): void => void process.stderr.write(`tools: ${line}\n`);

try {
  const names = process.argv.includes('--cluster') ? missingClusterTools(process.env, say) : TOOL_NAMES;
  const { folder, built } = await buildTools({ names, onProgress: say });
  if (names.length > 0)
    say(`${names.length} ready in ${folder}${built.length === 0 ? ' (nothing to build)' : ''}`);
} catch (error) {
  process.stderr.write(`tools: ${(error as Error).message}\n`);
  process.exit(1);
}
