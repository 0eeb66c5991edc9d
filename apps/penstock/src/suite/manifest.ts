import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiVersionOf, inferencePoolKind, namespaceKind, type Pod, podKind } from '@penstock/contracts';
import type { EngineProfile } from '@penstock/core/engine-model';
import { type Cluster, ClusterError, type ClusterObject, type ResourceKind } from '@penstock/core/ports';
import { parseAllDocuments } from 'yaml';
import type { SuiteOptions } from './suite-options.js';
import { waitUntil } from './wait-until.js';
import { ROOT } from './workspace.js';

const customResourceDefinitionKind: ResourceKind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};
const KINDS = [
  customResourceDefinitionKind,
  namespaceKind,
  inferencePoolKind,
  podKind,
] as readonly ResourceKind[];

/** Objects of a YAML file. Throws with the file's name and line when it does not parse. */
function readManifest(path: string): ClusterObject[] {
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
 * The laptop's objects: deploy/examples/laptop.yaml with its one engine pod repeated, and the options written into the
 * pods' arguments. `ports` replace the ones of the example where those are taken on this machine.
 */
export function laptopManifest(
  options: SuiteOptions,
  profile: EngineProfile,
  ports: { http: number; kvEvents: number; kvReplay: number },
): ClusterObject[] {
  const objects = readManifest(join(ROOT, 'deploy/examples/laptop.yaml'));
  const example = objects.find((object) => object.kind === 'Pod') as Pod | undefined;
  if (!example) throw new Error('deploy/examples/laptop.yaml holds no Pod to take the engines from');
  const engines = Array.from({ length: options.engines }, (_, i) =>
    enginePod(example, i, options, profile, ports),
  );
  return [
    ...objects.filter((object) => object.kind !== 'Pod').map((object) => withTargetPort(object, ports.http)),
    ...engines,
  ];
}

function withTargetPort(object: ClusterObject, port: number): ClusterObject {
  if (object.kind !== 'InferencePool') return object;
  const pool = structuredClone(object) as ClusterObject & { spec: { targetPorts: unknown } };
  pool.spec.targetPorts = [{ number: port }];
  return pool;
}

function enginePod(
  example: Pod,
  ordinal: number,
  options: SuiteOptions,
  profile: EngineProfile,
  ports: { http: number; kvEvents: number; kvReplay: number },
): ClusterObject {
  const pod = structuredClone(example);
  pod.metadata.name = `engine-${ordinal}`;
  const container = pod.spec?.containers[0];
  if (!container) throw new Error('deploy/examples/laptop.yaml: the engine pod has no container');
  container.args = withFlags(container.args ?? [], {
    '--model': options.model,
    '--sim-gpu': profile.gpu,
    '--sim-dtype': profile.dtype,
    '--sim-tp': String(profile.tp),
    '--sim-speed': String(options.speed),
    '--seed': String(ordinal),
    '--port': String(ports.http),
    '--kv-events-config': JSON.stringify({
      enable_kv_cache_events: true,
      publisher: 'zmq',
      endpoint: `tcp://*:${ports.kvEvents}`,
      replay_endpoint: `tcp://*:${ports.kvReplay}`,
    }),
  });
  container.ports = [
    { name: 'http', containerPort: ports.http },
    { name: 'kv-events', containerPort: ports.kvEvents },
    { name: 'kv-replay', containerPort: ports.kvReplay },
  ];
  container.resources = { limits: { 'nvidia.com/gpu': String(profile.tp) } };
  return pod as unknown as ClusterObject;
}

/** Replaces the values of flags (`--flag value` or `--flag=value`) and adds those that are missing. */
export function withFlags(args: readonly string[], flags: Readonly<Record<string, string>>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const name = (args[i] as string).split('=')[0] as string;
    if (!(name in flags)) kept.push(args[i] as string);
    else if (args[i] === name) i += 1;
  }
  return [...kept, ...Object.entries(flags).flat()];
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
