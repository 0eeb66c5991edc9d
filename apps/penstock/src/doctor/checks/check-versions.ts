import { penstockVersion } from '../../output/penstock-version.js';
import type { Check, Finding } from '../finding.js';
import { findings } from '../findings.js';

const { ok, fail } = findings('versions');

/** As `engines` of package.json. */
const LEAST_NODE = [22, 19] as const;

/** This program's own version and that of the Node it runs on. */
export const checkVersions = (node: string = process.versions.node): Check => ({
  area: 'versions',
  run: async () => [ok('penstock', penstockVersion()), nodeFinding(node)],
});

function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const least = LEAST_NODE.join('.');
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]))
    return ok('node', version);
  return fail(
    'node',
    `${version} is older than ${least}`,
    `install Node ${least} or newer from https://nodejs.org`,
  );
}
