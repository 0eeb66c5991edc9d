import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runCommand } from '../../src/provision/run-command.js';
import type { TestCluster } from '../../src/test-cluster/index.js';

/** The kubectl program against a cluster. */
export class Kubectl {
  private readonly home = mkdtempSync(join(tmpdir(), 'penstock-kubectl-'));
  private count = 0;

  constructor(private readonly cluster: TestCluster) {}

  dispose(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Output of a run that has to succeed. @throws Error with what kubectl said when it did not */
  async ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    if (status === 0) return stdout;
    throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`);
  }

  run(...args: string[]) {
    const { kubectl } = this.cluster.tools;
    if (!kubectl) throw new Error('there is no kubectl; build it with npm run tools');
    const all = ['--kubeconfig', this.cluster.kubeconfigPath, '--cache-dir', this.home, ...args];
    return runCommand(kubectl, all, { timeoutMs: 120_000 });
  }

  /** Objects of a kind in a namespace, or of the whole cluster. */
  async list<T = { metadata: { name: string } }>(
    kind: string,
    namespace?: string,
    selector = '',
  ): Promise<T[]> {
    const where = namespace ? ['-n', namespace] : [];
    const text = await this.ok('get', kind, ...where, '-l', selector, '-o', 'json');
    return (JSON.parse(text) as { items: T[] }).items;
  }

  /** `kind/name` of everything in a namespace but Events. */
  async everythingIn(namespace: string): Promise<string[]> {
    const kinds = (await this.ok('api-resources', '--verbs=list', '--namespaced', '-o', 'name'))
      .trim()
      .split('\n');
    const asked = kinds.filter((kind) => !/^events(\.|$)|\.metrics\.k8s\.io$/.test(kind)).join(',');
    const text = await this.ok('get', asked, '-n', namespace, '--ignore-not-found', '-o', 'name');
    return text.split('\n').filter(Boolean).sort();
  }

  /** A file with objects, for `-f`. */
  file(objects: readonly object[]): string {
    const path = join(this.home, `objects-${this.count++}.yaml`);
    writeFileSync(path, objects.map((object) => stringify(object)).join('---\n'));
    return path;
  }
}
