import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BUILD_ENVIRONMENT, buildFlags } from './build-flags.js';
import type { GoModule } from './go-module.js';
import { TOOLS } from './tool-list.js';

/**
 * Where the built tools of this module are kept: `${XDG_CACHE_HOME:-~/.cache}/penstock/tools/<hash>`. The hash covers
 * all that decides what is built, so another version never finds the programs of this one.
 */
export function toolsFolder(module: GoModule, env: NodeJS.ProcessEnv): string {
  const recipe = [TOOLS, buildFlags(module.kubernetes), BUILD_ENVIRONMENT, process.platform, process.arch];
  const key = createHash('sha256').update(module.text).update(JSON.stringify(recipe)).digest('hex');
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(cache, 'penstock', 'tools', key);
}
