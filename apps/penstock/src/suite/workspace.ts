import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository root: this file is `apps/penstock/<src|dist>/suite/workspace`. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');

/** Folder of a running suite: `PENSTOCK_HOME`, else `.penstock` beside the code. */
export function homeDirectory(): string {
  return process.env['PENSTOCK_HOME'] ?? join(ROOT, '.penstock');
}

/** Entry point of an app's process. */
export const appEntry = (app: string) => join(ROOT, 'apps', app, 'dist', 'main.js');
export const startupGateEntry = join(ROOT, 'apps', 'gang-placer', 'startup-gate', 'startup-gate.mjs');
export const devClusterEntry = join(ROOT, 'libs', 'testing', 'dist', 'dev-cluster', 'main.js');
