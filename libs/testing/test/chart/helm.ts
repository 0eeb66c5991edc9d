import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { type CommandResult, runCommand } from '../../src/provision/run-command.js';
import { findTool } from '../../src/tools/index.js';
import type { RenderedObject } from './rendered-object.js';

export interface Release {
  /** Folder of the chart. */
  readonly chart: string;
  /** `penstock` unless told otherwise, as the namespace. */
  readonly name?: string;
  /** Files of values, then values; the later wins. */
  readonly files?: readonly string[];
  readonly values?: object;
  readonly flags?: readonly string[];
}

/** The helm program, with a home of its own. */
export class Helm {
  private readonly home = mkdtempSync(join(tmpdir(), 'penstock-helm-'));
  private readonly program: string;
  private count = 0;

  /** @param kubeconfig of the cluster that it works on; none is touched without */
  constructor(private readonly kubeconfig?: string) {
    const program = findTool('helm');
    if (!program) throw new Error('there is no helm; build it with npm run tools');
    this.program = program;
  }

  dispose(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Objects of a release, hooks included, in the order of helm. @throws Error with what helm said */
  async template(release: Release): Promise<RenderedObject[]> {
    const output = await this.ok(this.arguments('template', release));
    return parseAllDocuments(output)
      .map((document) => document.toJS({ maxAliasCount: -1 }) as RenderedObject | null)
      .filter((object) => object !== null);
  }

  /** Runs helm on a release to its end. */
  run(command: string, release: Release): Promise<CommandResult> {
    return this.helm(this.arguments(command, release));
  }

  /** Output of a run that has to succeed. @throws Error with what helm said when it did not */
  async ok(args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.helm(args);
    if (status === 0) return stdout;
    throw new Error(`helm ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  }

  /** What helm says of a release that it has to refuse. @throws Error when it took it */
  async refusal(release: Release): Promise<string> {
    const { status, stdout, stderr } = await this.run('template', release);
    if (status === 0 || stdout !== '') throw new Error(`helm took it: ${JSON.stringify(release)}`);
    return stderr;
  }

  /** The arguments of a command on a release. */
  arguments(command: string, release: Release): string[] {
    const { chart, name = 'penstock', files = [], values, flags = [] } = release;
    const args = [command, ...(command === 'lint' ? [] : [name]), chart, '--namespace', 'penstock', ...flags];
    for (const file of files) args.push('--values', file);
    if (values) args.push('--values', this.write(values));
    return args;
  }

  private write(values: object): string {
    const path = join(this.home, `values-${this.count++}.yaml`);
    // Helm reads YAML 1.1, where a bare `yes` is no text.
    writeFileSync(path, stringify(values, { version: '1.1' }));
    return path;
  }

  private helm(args: readonly string[]): Promise<CommandResult> {
    const { home, kubeconfig = join(this.home, 'no-kubeconfig') } = this;
    const env = {
      HELM_CACHE_HOME: join(home, 'cache'),
      HELM_CONFIG_HOME: join(home, 'config'),
      HELM_DATA_HOME: join(home, 'data'),
      HOME: home,
      PATH: process.env['PATH'],
    };
    return runCommand(this.program, ['--kubeconfig', kubeconfig, ...args], { env, timeoutMs: 240_000 });
  }
}
