import { delimiter, join } from 'node:path';
import { isProgram } from './is-program.js';
import { ProvisionError } from './provision-error.js';
import { runCommand } from './run-command.js';
import type { ServerKind } from './server-kinds.js';

export interface FoundBinary {
  readonly path: string;
  readonly version: string;
}

/** Folders that hold servers but are often missing from the PATH of a user without root. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The binary that the kind's environment variable names; throws when it is set to something unusable. */
export async function binaryFromEnvironment(
  kind: ServerKind,
  env: NodeJS.ProcessEnv,
): Promise<FoundBinary | undefined> {
  const path = env[kind.variable];
  if (!path) return undefined;
  const version = isProgram(path) ? await versionOf(kind, path, env) : undefined;
  if (!version) {
    throw new ProvisionError(
      `${kind.variable}=${path} is not a ${kind.name} that runs here; correct it or unset it.`,
    );
  }
  if (!atLeast(version, kind.minimumVersion)) {
    throw new ProvisionError(
      `${kind.variable}=${path} is ${kind.name} ${version}, but ${kind.minimumVersion} or newer is needed; point it at a newer one or unset it.`,
    );
  }
  return { path, version };
}

/** First program of the kind on the PATH (or in the usual server folders) that is new enough. */
export async function binaryFromPath(
  kind: ServerKind,
  env: NodeJS.ProcessEnv,
  extraFolders: readonly string[] = EXTRA_FOLDERS,
): Promise<FoundBinary | undefined> {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...extraFolders];
  for (const program of kind.programs) {
    for (const folder of folders) {
      const path = join(folder, program);
      if (!isProgram(path)) continue;
      const version = await versionOf(kind, path, env);
      if (version && atLeast(version, kind.minimumVersion)) return { path, version };
    }
  }
  return undefined;
}

/** Version the program prints, or undefined when it does not run or is something else. */
export async function versionOf(
  kind: ServerKind,
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const { status, stdout, stderr } = await runCommand(path, ['--version'], { env, timeoutMs: 20_000 });
  if (status !== 0) return undefined;
  return kind.versionPattern.exec(`${stdout}${stderr}`)?.[1];
}

/** Whether dotted version `version` is `minimum` or newer. */
export function atLeast(version: string, minimum: string): boolean {
  const have = version.split('.').map(Number);
  const want = minimum.split('.').map(Number);
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
