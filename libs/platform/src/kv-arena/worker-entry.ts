import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The file of the worker thread and what Node needs to run it: built, or in tests from source. */
export function workerEntry(): { readonly file: URL; readonly execArgv: string[] } {
  const built = new URL('./replica-worker.js', import.meta.url);
  if (existsSync(fileURLToPath(built))) return { file: built, execArgv: [] };
  const loader = new URL('../../../../.config/package-loader.mjs', import.meta.url).href;
  return {
    file: new URL('./replica-worker.ts', import.meta.url),
    execArgv: ['--experimental-transform-types', '--no-warnings', '--import', loader],
  };
}
