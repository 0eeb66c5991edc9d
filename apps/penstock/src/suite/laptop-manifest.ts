import { join } from 'node:path';
import type { Pod } from '@penstock/contracts';
import type { EngineProfile } from '@penstock/core/engine-model';
import type { ClusterObject } from '@penstock/core/ports';
import { readManifest } from './manifest.js';
import { maxEngines, type SuiteOptions } from './suite-options.js';
import { ROOT } from './workspace.js';

/** Ports of the pods, and of what they call. */
export interface LaptopPorts {
  readonly http: number;
  readonly kvEvents: number;
  readonly kvReplay: number;
  readonly kvNodeGrpc: number;
  readonly kvNodeMetrics: number;
  readonly objectStore: number;
}

const SOURCE = 'deploy/examples/laptop.yaml';
type Fields = Record<string, unknown>;
type WithSpec = ClusterObject & { spec: Fields };

/** What the objects of the example are made to say, by kind. */
const ADAPT: Readonly<Record<string, (object: WithSpec, laptop: Laptop) => void>> = {
  InferencePool: ({ spec }, { ports }) => {
    spec['targetPorts'] = [{ number: ports.http }];
  },
  InferenceModel: ({ spec }, { options }) => {
    spec['modelName'] = options.model;
  },
  VariantAutoscaling: ({ metadata, spec }, { options, profile }) => {
    metadata.labels = { ...metadata.labels, 'inference.optimization/acceleratorName': profile.gpu };
    Object.assign(spec, {
      modelID: options.model,
      variantCost: profile.tp.toFixed(1),
      minReplicas: options.engines,
      maxReplicas: maxEngines(options),
    });
  },
  PodCliqueSet: adaptGang,
  DaemonSet: adaptKvNode,
};

interface Laptop {
  readonly options: SuiteOptions;
  readonly profile: EngineProfile;
  readonly ports: LaptopPorts;
}

/**
 * The laptop's objects: deploy/examples/laptop.yaml with the options written into it. `ports` replace the ones of the
 * example where those are taken on this machine.
 */
export function laptopManifest(
  options: SuiteOptions,
  profile: EngineProfile,
  ports: LaptopPorts,
): ClusterObject[] {
  const objects = readManifest(join(ROOT, SOURCE));
  for (const kind of Object.keys(ADAPT)) {
    if (!objects.some((object) => object.kind === kind)) throw new Error(`${SOURCE} holds no ${kind}`);
  }
  for (const object of objects) ADAPT[object.kind]?.(object as WithSpec, { options, profile, ports });
  return objects;
}

function adaptGang({ spec }: WithSpec, { options, profile, ports }: Laptop): void {
  const { template } = spec as {
    template: { cliques: Array<{ spec: Fields & { podSpec: NonNullable<Pod['spec']> } }> };
  };
  const clique = template.cliques[0]?.spec;
  const container = clique?.podSpec.containers[0];
  if (!clique || !container) throw new Error(`${SOURCE}: the PodCliqueSet has no clique with a container`);
  clique['replicas'] = options.engines;
  clique['minAvailable'] = options.engines;
  container.args = withFlags(container.args ?? [], {
    '--model': options.model,
    '--sim-gpu': profile.gpu,
    '--sim-dtype': profile.dtype,
    '--sim-tp': String(profile.tp),
    '--sim-speed': String(options.speed),
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
}

function adaptKvNode({ spec }: WithSpec, { options, ports }: Laptop): void {
  const { template } = spec as { template: { spec: NonNullable<Pod['spec']> } };
  const container = template.spec.containers[0];
  if (!container) throw new Error(`${SOURCE}: the DaemonSet has no container`);
  const { tierCapacity } = options;
  container.args = withFlags(container.args ?? [], {
    ...(tierCapacity && { '--cpu-capacity': tierCapacity.cpu, '--ssd-capacity': tierCapacity.ssd }),
    '--grpc-port': String(ports.kvNodeGrpc),
    '--metrics-port': String(ports.kvNodeMetrics),
    '--s3-endpoint': `http://127.0.0.1:${ports.objectStore}`,
  });
  container.ports = [
    { name: 'grpc', containerPort: ports.kvNodeGrpc },
    { name: 'metrics', containerPort: ports.kvNodeMetrics },
  ];
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
