import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersionOf, CUSTOM_RESOURCES, namespaceKind, podKind } from '@penstock/contracts';
import { type Cluster, ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { parseAllDocuments } from 'yaml';
import { waitUntil } from './wait-until.js';
import { ROOT } from './workspace.js';

const customResourceDefinitionKind: ResourceKind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const daemonSetKind: ResourceKind = {
  group: 'apps',
  version: 'v1',
  plural: 'daemonsets',
  kind: 'DaemonSet',
  namespaced: true,
};
const secretKind: ResourceKind = {
  group: '',
  version: 'v1',
  plural: 'secrets',
  kind: 'Secret',
  namespaced: true,
};
const KINDS = [
  customResourceDefinitionKind,
  daemonSetKind,
  secretKind,
  namespaceKind,
  podKind,
  ...CUSTOM_RESOURCES.map(({ resource }) => resource),
] as readonly ResourceKind[];

/** Objects of a YAML file. Throws with the file's name and line when it does not parse. */
export function readManifest(path: string): ClusterObject[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).flatMap((document) => {
    const error = document.errors[0];
    if (error) throw new Error(`${path}: ${error.message}`);
    const object: unknown = document.toJS();
    return object ? [object as ClusterObject] : [];
  });
}

/** Definitions of the custom resources that the services read. */
export function customResourceDefinitions(): ClusterObject[] {
  const folder = join(ROOT, 'deploy/crds');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => readManifest(join(folder, name)));
}

/**
 * Applies objects in order, taking over fields that an earlier start set. A kind is served a moment after its
 * definition was accepted: until then its objects are tried again.
 */
export async function applyAll(cluster: Cluster, objects: readonly ClusterObject[]): Promise<void> {
  for (const object of objects) {
    const kind = KINDS.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
    if (!kind) throw new Error(`the laptop manifest may not hold ${object.apiVersion} ${object.kind}`);
    const applied = async () => {
      try {
        await cluster.apply(kind, object, { force: true });
        return true;
      } catch (error) {
        if (error instanceof ClusterError && error.reason === 'not-found') return false;
        throw new Error(`${object.kind} ${object.metadata.name}: ${(error as Error).message}`);
      }
    };
    await waitUntil(`${object.kind} ${object.metadata.name}`, applied, 10_000);
  }
}
