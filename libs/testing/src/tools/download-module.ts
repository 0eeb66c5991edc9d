import { tmpdir } from 'node:os';
import { ProvisionError } from '../provision/provision-error.js';
import { runCommand } from '../provision/run-command.js';
import { findGo } from './find-go.js';
import { readGoModule } from './go-module.js';

/** A release of a Go module, pinned. */
export interface PinnedModule {
  /** e.g. `github.com/compose-spec/compose-go/v2` */
  readonly path: string;
  readonly version: string;
  /** Hash of its files as go.sum writes it: `h1:…`. */
  readonly sum: string;
}

export interface DownloadModuleOptions {
  /** Environment of Go; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Where to look for Go after the PATH. */
  readonly goFolders?: readonly string[];
}

/**
 * The sources of a Go module in Go's own cache, for the files other than Go code that it carries, such as schemas.
 * Go checks what it downloads against its checksum database; this checks it against the pin.
 *
 * @returns the folder, which is read-only
 * @throws ProvisionError one sentence: Go is missing, the proxy does not answer, the module is not the pinned one
 */
export async function downloadModule(
  { path, version, sum }: PinnedModule,
  options: DownloadModuleOptions = {},
): Promise<string> {
  const env = options.env ?? process.env;
  const go = await findGo(readGoModule().minimumGo, env, options.goFolders);
  const { stdout, stderr } = await runCommand(go, ['mod', 'download', '-json', `${path}@${version}`], {
    // Outside every module, so that none has a say in it.
    cwd: tmpdir(),
    env: { ...env, GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' },
  });
  const answer = parse(stdout);
  if (!answer.Dir) {
    throw new ProvisionError(
      `Go cannot download ${path} ${version} (${(answer.Error ?? stderr).trim()}); check the network and \`go env GOPROXY\`.`,
    );
  }
  if (answer.Sum !== sum) {
    throw new ProvisionError(
      `${path} ${version} has the hash ${answer.Sum}, not the pinned ${sum}; correct the pin.`,
    );
  }
  return answer.Dir;
}

function parse(json: string): { Dir?: string; Sum?: string; Error?: string } {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
