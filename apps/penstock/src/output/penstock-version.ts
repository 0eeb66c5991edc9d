import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../suite/workspace.js';

/** Version of the package that this command line belongs to. */
export function penstockVersion(): string {
  return (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}
