import { delimiter, join } from 'node:path';
import { atLeast } from '../provision/find-binary.js';
import { isProgram } from '../provision/is-program.js';
import { ProvisionError } from '../provision/provision-error.js';
import { runCommand } from '../provision/run-command.js';

/** Where Go's own installer and Homebrew put it, often missing from the PATH of a script. */
const USUAL_FOLDERS = ['/usr/local/go/bin', '/opt/homebrew/bin'];

/**
 * The `go` program.
 *
 * @param minimum e.g. `1.26.0`
 * @throws ProvisionError when Go is missing or older
 */
export async function findGo(
  minimum: string,
  env: NodeJS.ProcessEnv,
  usualFolders: readonly string[] = USUAL_FOLDERS,
): Promise<string> {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...usualFolders];
  const go = folders.map((folder) => join(folder, 'go')).find(isProgram);
  const remedy = `install Go ${minimum} or newer (https://go.dev/dl), or set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and the other programs.`;
  if (!go) throw new ProvisionError(`Go is needed to build the test tools and is not on the PATH; ${remedy}`);
  const { stdout, stderr } = await runCommand(go, ['env', 'GOVERSION'], {
    env: { ...env, GOTOOLCHAIN: 'local' },
  });
  const version = /go(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1];
  if (!version) throw new ProvisionError(`${go} does not tell its version (${stderr.trim()}); ${remedy}`);
  if (!atLeast(version, minimum)) {
    throw new ProvisionError(`${go} is Go ${version}, too old to build the test tools; ${remedy}`);
  }
  return go;
}
