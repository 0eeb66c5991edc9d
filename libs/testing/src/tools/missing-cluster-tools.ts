import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram } from '../provision/is-program.js';
import { ProvisionError } from '../provision/provision-error.js';
import { CLUSTER_TOOLS, type ToolName } from './tool-list.js';

/**
 * The tools a real cluster needs besides those of `KUBEBUILDER_ASSETS`, to be taken from the cache or built. Folders
 * made by others hold kube-apiserver, etcd and kubectl, rarely more.
 *
 * @param report called with one line for people when the folder lacks something
 * @throws ProvisionError when `KUBEBUILDER_ASSETS` is set and names no folder, or one with none of the tools
 */
export function missingClusterTools(env: NodeJS.ProcessEnv, report: (line: string) => void): ToolName[] {
  const assets = env['KUBEBUILDER_ASSETS'];
  if (!assets) return [...CLUSTER_TOOLS];
  if (!statSync(assets, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ProvisionError(
      `KUBEBUILDER_ASSETS=${assets} is not a folder; point it at one with kube-apiserver, etcd and kubectl, or unset it.`,
    );
  }
  const missing = CLUSTER_TOOLS.filter((name) => !isProgram(join(assets, name)));
  if (missing.length === CLUSTER_TOOLS.length) {
    throw new ProvisionError(
      `KUBEBUILDER_ASSETS=${assets} holds none of ${CLUSTER_TOOLS.join(', ')}; point it at a folder that does, or unset it.`,
    );
  }
  if (missing.length > 0) {
    report(`KUBEBUILDER_ASSETS=${assets} lacks ${missing.join(', ')}: taken from the cache, else built`);
  }
  return missing;
}
