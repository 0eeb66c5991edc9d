import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersionOf, CUSTOM_RESOURCES, namespaceKind } from '@penstock/contracts';
import type { ClusterObject, ResourceKind } from '@penstock/core/ports';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../src/suite/workspace.js';

const deploymentKind: ResourceKind = {
  group: 'apps',
  version: 'v1',
  plural: 'deployments',
  kind: 'Deployment',
  namespaced: true,
};

/** Kinds whose effect belongs to other parts of the project: their manifests are not applied here. */
const ELSEWHERE = ['gateway.networking.k8s.io/', 'keda.sh/'];
const KINDS = [
  namespaceKind,
  deploymentKind,
  ...CUSTOM_RESOURCES.map(({ resource }) => resource),
] as readonly ResourceKind[];

export interface Manifest {
  readonly file: string;
  readonly kind: ResourceKind;
  /** With its namespace, which is `default` where the file names none. */
  readonly object: ClusterObject;
}

export interface ManifestFolder {
  readonly path: string;
  readonly manifests: readonly Manifest[];
  /** Files and documents that are not applied here, each with why. */
  readonly leftOut: readonly string[];
}

/**
 * The manifests of `PENSTOCK_MANIFESTS`, else of deploy/examples without the laptop's own. Throws when a document is of
 * a kind that nobody serves.
 */
export function manifestFolder(): ManifestFolder {
  const path = process.env['PENSTOCK_MANIFESTS'] ?? join(ROOT, 'deploy/examples');
  const manifests: Manifest[] = [];
  const leftOut: string[] = [];
  const files = readdirSync(path).filter((name) => /\.ya?ml$/.test(name) && name !== 'laptop.yaml');
  for (const file of files.sort()) {
    for (const document of parseAllDocuments(readFileSync(join(path, file), 'utf8'))) {
      if (document.errors[0]) throw new Error(`${file}: ${document.errors[0].message}`);
      const object = document.toJS() as ClusterObject | null;
      if (!object) continue;
      if (!object.kind) leftOut.push(`${file}: no Kubernetes object (values of a Helm chart)`);
      else if (ELSEWHERE.some((group) => object.apiVersion.startsWith(group)))
        leftOut.push(`${file}: ${object.kind}`);
      else manifests.push(manifestOf(file, object));
    }
  }
  if (manifests.length === 0)
    throw new Error(`${path} holds no manifest: point PENSTOCK_MANIFESTS at a folder of them`);
  return { path, manifests, leftOut };
}

function manifestOf(file: string, object: ClusterObject): Manifest {
  const kind = KINDS.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
  if (!kind) throw new Error(`${file}: nobody serves ${object.apiVersion} ${object.kind}`);
  const namespace = kind.namespaced ? { namespace: object.metadata.namespace ?? 'default' } : {};
  return { file, kind, object: { ...object, metadata: { ...object.metadata, ...namespace } } };
}

/** Whether the object is one of those that the gang-placer translates. */
export const isTranslated = ({ kind }: Manifest): boolean =>
  kind.kind === 'DynamoGraphDeployment' || kind.group === 'inference.llm-d.io';
