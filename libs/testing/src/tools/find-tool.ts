import { delimiter, join } from 'node:path';
import { isProgram } from '../provision/is-program.js';
import { ProvisionError } from '../provision/provision-error.js';
import { readGoModule } from './go-module.js';
import type { ToolName } from './tool-list.js';
import { toolsFolder } from './tools-folder.js';

/**
 * The built program, or undefined where there is none: `<NAME>_BIN` (KUBECTL_BIN, KUBE_APISERVER_BIN, …), then the
 * folder `KUBEBUILDER_ASSETS`, then the cache that `npm run tools` fills, then the PATH.
 *
 * What the PATH holds may be of any version, so it counts only for kubectl and helm: clients, which work with
 * servers of other versions.
 *
 * @throws ProvisionError when `<NAME>_BIN` names something that does not run
 */
export function findTool(name: ToolName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const variable = `${name.toUpperCase().replaceAll('-', '_')}_BIN`;
  const named = env[variable];
  if (named) {
    if (isProgram(named)) return named;
    throw new ProvisionError(`${variable}=${named} is not a program that runs here; correct it or unset it.`);
  }
  const assets = env['KUBEBUILDER_ASSETS'];
  const folders = [...(assets ? [assets] : []), toolsFolder(readGoModule(), env)];
  if (name === 'kubectl' || name === 'helm') folders.push(...(env['PATH'] ?? '').split(delimiter));
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isProgram);
}
