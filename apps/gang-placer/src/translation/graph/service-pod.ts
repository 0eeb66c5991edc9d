import { ROLE_LABEL } from '@penstock/contracts';
import { engineReadiness } from '../outputs/engine-readiness.js';
import { KV_EVENTS } from '../outputs/kv-events.js';
import { KV_TRANSFER } from '../outputs/kv-transfer.js';
import { sharedMemory } from '../outputs/shared-memory.js';
import type { FieldNote, TranslationProblem } from '../translation.js';
import { withoutDynamoFlags } from './dynamo-flags.js';
import { hasFlag } from './flag-value.js';
import type { GraphService } from './graph-service.js';
import { mergeNamed } from './merge-named.js';
import { serviceResources } from './service-resources.js';
import type { EngineRole } from './service-role.js';

type Fields = Record<string, unknown>;
type Named = Fields & { name?: unknown };
type Container = Named & { name: string };

export interface ServicePodOptions {
  readonly role: EngineRole;
  /** Whether other workers of the graph prefill for this one, or the other way round. */
  readonly isDisaggregated: boolean;
  /** Without Dynamo's frontend a worker must answer requests itself. */
  readonly servesItself: boolean;
  /** Whether the graph asks for routing by KV cache, which needs the engines' events. */
  readonly tellsBlocks: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the pool, if the pod belongs to one. */
  readonly poolLabels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ServicePod {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly podSpec: Fields & { containers: Container[] };
  readonly notes: FieldNote[];
  readonly problems: TranslationProblem[];
}

/** Fields of a pod spec that a gang cannot have: whoever places it decides them. */
const PLACED = ['nodeName', 'topologySpreadConstraints'];
const MODULE = 'vllm.entrypoints.openai.api_server';

/** The pods of one service: its main container merged with what the service says, in the pod spec it asks for. */
export function servicePod(service: GraphService, options: ServicePodOptions): ServicePod {
  const { spec, field } = service;
  const notes: FieldNote[] = [];
  const { mainContainer = {}, ...pod } = (spec.extraPodSpec ?? {}) as Fields & { mainContainer?: Fields };
  for (const key of PLACED) {
    if (pod[key] === undefined) continue;
    delete pod[key];
    notes.push({ field: `${field}.extraPodSpec.${key}`, why: 'the gang placer chooses the nodes' });
  }
  const { resources, problems } = serviceResources(`${field}.resources`, spec.resources);
  const memory = memoryOf(spec['sharedMemory'] as Fields | undefined);
  const claims = claimMounts(spec['volumeMounts'] as Fields[] | undefined);
  const own = (mainContainer['resources'] ?? {}) as Fields;
  const started = { ...mainContainer, ...startedAs(service, options, notes) };
  const container: Container = {
    ...started,
    name: String(mainContainer['name'] ?? 'main'),
    env: environment(service, options),
    ...withProbes(service, options, mainContainer, notes),
    resources: {
      ...own,
      ...mergedQuantities('requests', resources.requests, own),
      ...mergedQuantities('limits', resources.limits, own),
    },
  };
  const envFrom = [
    ...(spec.envFromSecret ? [{ secretRef: { name: spec.envFromSecret } }] : []),
    ...((mainContainer['envFrom'] ?? []) as Fields[]),
  ];
  if (envFrom.length > 0) container['envFrom'] = envFrom;
  const volumeMounts = mergeBy(
    'mountPath',
    [...memory.volumeMounts, ...claims.mounts],
    mainContainer['volumeMounts'],
  );
  if (volumeMounts.length > 0) container['volumeMounts'] = volumeMounts;
  const volumes = mergeNamed(
    [...memory.volumes, ...claims.volumes] as Named[],
    pod['volumes'] as Named[] | undefined,
  );
  return {
    labels: {
      ...options.labels,
      ...spec.labels,
      ...spec.extraPodMetadata?.labels,
      [ROLE_LABEL]: options.role,
      ...options.poolLabels,
    },
    annotations: { ...options.annotations, ...spec.annotations, ...spec.extraPodMetadata?.annotations },
    podSpec: {
      ...pod,
      ...(volumes.length > 0 ? { volumes } : {}),
      containers: [container, ...((pod['containers'] ?? []) as Container[])],
    },
    notes,
    problems,
  };
}

/** vLLM's own server in place of Dynamo's worker, which only Dynamo's frontend can reach. */
function startedAs(service: GraphService, options: ServicePodOptions, notes: FieldNote[]): Fields {
  const { command, args: given } = service.spec.extraPodSpec?.mainContainer ?? {};
  // As Dynamo's operator does: its images have no command of their own.
  if (service.use === 'frontend' && !command && !given)
    return { command: ['python3', '-m', 'dynamo.frontend'] };
  if (!options.servesItself || service.program.name !== 'dynamo.vllm') return {};
  const { args, dropped } = withoutDynamoFlags(service.program.args);
  const field = `${service.field}.extraPodSpec.mainContainer`;
  notes.push({
    field: `${field}.command`,
    why: `runs ${MODULE} of the same image: without Dynamo's frontend the worker answers requests itself`,
  });
  if (dropped.length > 0) {
    notes.push({ field: `${field}.args`, why: `without ${dropped.join(', ')}: vLLM has no such flags` });
  }
  if (options.isDisaggregated && !hasFlag(args, '--kv-transfer-config')) args.push(...KV_TRANSFER.args);
  if (!options.tellsBlocks || hasFlag(args, KV_EVENTS.flag))
    return { command: ['python3', '-m', MODULE], args };
  const ports = mergeNamed<Named>(
    [{ name: 'http', containerPort: service.port }, ...KV_EVENTS.ports],
    service.spec.extraPodSpec?.mainContainer?.['ports'] as Named[] | undefined,
  );
  return { command: ['python3', '-m', MODULE], args: [...args, ...KV_EVENTS.args], ports };
}

function environment(service: GraphService, options: ServicePodOptions): Fields[] {
  const transfer: readonly Named[] = options.isDisaggregated ? KV_TRANSFER.env : [];
  // Workers and frontend find each other in a namespace of Dynamo's runtime; its operator sets it the same way.
  const namespace = service.spec['dynamoNamespace'];
  const runtime =
    !options.servesItself && namespace ? [{ name: 'DYN_NAMESPACE', value: String(namespace) }] : [];
  return mergeNamed<Named>(transfer, runtime, service.env);
}

/** A probe of Dynamo's status server would never succeed once vLLM's server runs in its place. */
function withProbes(
  service: GraphService,
  options: ServicePodOptions,
  container: Fields,
  notes: FieldNote[],
): Fields {
  const probes: Fields = {};
  const isReplaced = options.servesItself && service.program.name === 'dynamo.vllm';
  for (const kind of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = (container[kind] ?? service.spec[kind]) as Fields | undefined;
    if (probe === undefined) continue;
    const request = probe['httpGet'] as Fields | undefined;
    if (!isReplaced || (request?.['port'] === service.port && request?.['path'] === '/health'))
      probes[kind] = probe;
    else {
      // The container may have brought it along.
      probes[kind] = undefined;
      notes.push({
        field: `${service.field}.${kind}`,
        why: `asks Dynamo's status server, which does not run`,
      });
    }
  }
  if (service.use === 'frontend' || options.servesItself)
    probes['readinessProbe'] ??= engineReadiness(service.port);
  return probes;
}

function mergedQuantities(side: 'requests' | 'limits', found: Fields | undefined, own: Fields): Fields {
  const merged = { ...found, ...(own[side] as Fields) };
  return Object.keys(merged).length === 0 ? {} : { [side]: merged };
}

/** Dynamo gives every component 8 GiB of shared memory unless told otherwise. */
function memoryOf(setting: Fields | undefined): { volumes: Named[]; volumeMounts: Named[] } {
  if (setting?.['disabled'] === true) return { volumes: [], volumeMounts: [] };
  return sharedMemory(String(setting?.['size'] ?? '8Gi'));
}

function claimMounts(mounts: readonly Fields[] = []): { volumes: Named[]; mounts: Named[] } {
  const used = mounts.filter((mount) => mount['name'] !== undefined && mount['mountPoint'] !== undefined);
  return {
    volumes: used.map(({ name }) => ({ name, persistentVolumeClaim: { claimName: name } })),
    mounts: used.map(({ name, mountPoint }) => ({ name, mountPath: mountPoint })),
  };
}

function mergeBy(key: string, ...lists: unknown[]): Fields[] {
  const merged = new Map<unknown, Fields>();
  for (const list of lists) for (const item of (list ?? []) as Fields[]) merged.set(item[key], item);
  return [...merged.values()];
}
