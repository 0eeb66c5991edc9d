import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram } from '../provision/is-program.js';
import { ProvisionError } from '../provision/provision-error.js';
import { runCommand } from '../provision/run-command.js';
import { BUILD_ENVIRONMENT, buildFlags } from './build-flags.js';
import { lockBuild } from './build-lock.js';
import { explainBuildFailure } from './explain-build-failure.js';
import { findGo } from './find-go.js';
import { type GoModule, readGoModule } from './go-module.js';
import { TOOLS, type Tool, type ToolName } from './tool-list.js';
import { toolsFolder } from './tools-folder.js';

export interface BuildToolsOptions {
  /** Which; every tool by default. */
  readonly names?: readonly ToolName[];
  /** Environment of the build; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** The Go module that pins the versions; the one beside this library by default. */
  readonly module?: GoModule;
  /** Called with one line for people when something is about to take long, or has. */
  readonly onProgress?: (message: string) => void;
  /** Where to look for Go after the PATH. */
  readonly goFolders?: readonly string[];
}

export interface BuiltTools {
  readonly folder: string;
  /** What this call built; empty when all was there. */
  readonly built: readonly ToolName[];
}

const BUILD_TIMEOUT_MS = 90 * 60_000;

/**
 * Builds the tools that are not in the cache yet, one after another, each put in place whole.
 *
 * @throws ProvisionError one sentence: Go is missing or too old, the proxy or the disk fails, a tool does not compile
 */
export async function buildTools(options: BuildToolsOptions = {}): Promise<BuiltTools> {
  const env = options.env ?? process.env;
  const module = options.module ?? readGoModule();
  const report = options.onProgress ?? (() => undefined);
  const folder = toolsFolder(module, env);
  const missing = (): Tool[] =>
    TOOLS.filter(({ name }) => (options.names ?? [name]).includes(name) && !isProgram(join(folder, name)));
  if (missing().length === 0) return { folder, built: [] };
  const go = await findGo(module.minimumGo, env, options.goFolders);
  const unlock = await takeFolder(folder, report);
  const built: ToolName[] = [];
  try {
    for (const tool of missing()) {
      report(`building ${tool.name} …`);
      const startedMs = performance.now();
      const sizeBytes = await buildTool(go, tool, module, folder, env);
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      report(`built ${tool.name} in ${seconds} s (${Math.round(sizeBytes / 1e6)} MB)`);
      built.push(tool.name);
    }
  } finally {
    unlock();
  }
  return { folder, built };
}

async function takeFolder(folder: string, report: (message: string) => void): Promise<() => void> {
  try {
    const unlock = await lockBuild(folder, (pid) =>
      report(`process ${pid} is building the tools; waiting for it …`),
    );
    // What a killed builder left half-written.
    for (const name of readdirSync(folder)) if (/^\..+\.\d+$/.test(name)) rmSync(join(folder, name));
    return unlock;
  } catch (error) {
    throw new ProvisionError(
      `the test tools cannot be kept in ${folder} (${(error as Error).message}); free space, check its owner or set XDG_CACHE_HOME.`,
    );
  }
}

/** @returns the size of the program */
async function buildTool(
  go: string,
  tool: Tool,
  module: GoModule,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const target = join(folder, tool.name);
  const partial = join(folder, `.${tool.name}.${process.pid}`);
  const args = ['build', ...buildFlags(module.kubernetes), '-o', partial, tool.package];
  const result = await runCommand(go, args, {
    cwd: module.folder,
    env: { ...env, ...BUILD_ENVIRONMENT },
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (result.status !== 0) {
    rmSync(partial, { force: true });
    throw new ProvisionError(explainBuildFailure(tool.name, `${result.stderr}\n${result.stdout}`, folder));
  }
  renameSync(partial, target);
  return statSync(target).size;
}
