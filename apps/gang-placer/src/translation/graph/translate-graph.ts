import {
  apiVersionOf,
  type DynamoGraphDeployment,
  dynamoGraphDeploymentKind,
  dynamoGraphDeploymentSchema,
  type PodCliqueSet,
  podCliqueSetKind,
} from '@penstock/contracts';
import { POOL_LABEL } from '../outputs/output-labels.js';
import { PREFILL_IDLE } from '../outputs/prefill-idle.js';
import { modelOutput, poolOutput } from '../outputs/serving-outputs.js';
import { parseSource } from '../parse-source.js';
import type {
  FieldNote,
  OutputObject,
  TranslationProblem,
  TranslationResult,
  TranslationSettings,
} from '../translation.js';
import type { Translator } from '../translator.js';
import { flagValue } from './flag-value.js';
import { graphProblems } from './graph-problems.js';
import { type GraphService, graphServices } from './graph-service.js';
import { KEEP_FRONTEND_ANNOTATION, keepsFrontend } from './keep-frontend.js';
import { leftOutOfGraph, leftOutOfService, replacedService } from './left-out.js';
import { servicePod } from './service-pod.js';
import type { EngineRole } from './service-role.js';

type Clique = PodCliqueSet['spec']['template']['cliques'][number];

/** Dynamo graphs become one PodCliqueSet each, an InferencePool per model, and the InferenceModels. */
export const graphTranslator: Translator = {
  kind: dynamoGraphDeploymentKind as Translator['kind'],
  label: 'dynamo-graph',
  translate: (source, settings) => {
    const parsed = parseSource(dynamoGraphDeploymentSchema, source);
    return 'problems' in parsed ? parsed : translateGraph(parsed.value, settings);
  },
};

/** What a Dynamo graph becomes. Same graph, same objects; the order of its services changes nothing. */
export function translateGraph(
  graph: DynamoGraphDeployment,
  settings: TranslationSettings,
): TranslationResult {
  const { keeps, problems } = keepsFrontend(graph, settings.keepFrontend);
  const services = graphServices(graph);
  const kept = services.filter(({ use }) => use === 'engine' || (use === 'frontend' && keeps));
  const hasFrontend = kept.some(({ use }) => use === 'frontend');
  problems.push(...graphProblems(graph, services, kept, hasFrontend));
  const notes: FieldNote[] = [...leftOutOfGraph(graph)];
  for (const service of services) {
    if (kept.includes(service)) notes.push(...leftOutOfService(service, hasFrontend));
    else notes.push(replacedService(service, KEEP_FRONTEND_ANNOTATION));
    if (service.statedRole === 'prefill' && !hasFrontend)
      notes.push({ field: service.field, why: PREFILL_IDLE });
  }
  const pools = poolsOf(graph, kept, hasFrontend);
  const cliques = kept.map((service) => cliqueOf(graph, kept, service, hasFrontend, pools, notes, problems));
  if (problems.length > 0) return { problems };
  return {
    objects: [setOutput(graph, cliques, hasFrontend), ...servingOutputs(graph, pools)],
    notActedUpon: notes,
  };
}

interface GraphPool {
  readonly name: string;
  readonly models: readonly string[];
  readonly port: number;
  readonly members: readonly GraphService[];
}

/**
 * Engines of one model are one pool. Dynamo's frontend, where it is kept, is the pool instead: it answers for all of
 * its workers, which nothing else can reach.
 */
function poolsOf(
  graph: DynamoGraphDeployment,
  kept: readonly GraphService[],
  hasFrontend: boolean,
): GraphPool[] {
  const { name } = graph.metadata;
  const engines = kept.filter(({ use }) => use === 'engine');
  const models = [...new Set(engines.flatMap(({ model }) => model ?? []))];
  if (hasFrontend) {
    const members = kept.filter(({ use }) => use === 'frontend');
    return [{ name, models, port: members[0]?.port ?? 0, members }];
  }
  return models.map((model) => {
    const members = engines.filter((engine) => engine.model === model);
    const pool = models.length === 1 ? name : `${name}-${members[0]?.clique}`;
    return { name: pool, models: [model], port: members[0]?.port ?? 0, members };
  });
}

function cliqueOf(
  graph: DynamoGraphDeployment,
  kept: readonly GraphService[],
  service: GraphService,
  hasFrontend: boolean,
  pools: readonly GraphPool[],
  notes: FieldNote[],
  problems: TranslationProblem[],
): Clique {
  const isDisaggregated = kept.some(({ statedRole }) => statedRole === 'prefill');
  const pool = pools.find(({ members }) => members.includes(service));
  const pod = servicePod(service, {
    role: roleOf(service, isDisaggregated),
    isDisaggregated: isDisaggregated && service.use === 'engine',
    servesItself: !hasFrontend,
    tellsBlocks: routesByCache(graph),
    labels: { ...graph.spec.labels },
    poolLabels: pool ? { [POOL_LABEL]: pool.name } : {},
    annotations: { ...graph.spec.annotations },
  });
  notes.push(...pod.notes);
  problems.push(...pod.problems);
  const waits = hasFrontend && service.use === 'engine';
  return {
    name: service.clique,
    labels: pod.labels,
    ...(Object.keys(pod.annotations).length > 0 ? { annotations: pod.annotations } : {}),
    spec: {
      roleName: service.clique,
      replicas: service.spec.replicas ?? 1,
      ...(waits
        ? { startsAfter: kept.filter(({ use }) => use === 'frontend').map(({ clique }) => clique) }
        : {}),
      podSpec: pod.podSpec,
    },
  };
}

/** Dynamo's frontend routes by KV cache when its environment or a flag says so. */
function routesByCache(graph: DynamoGraphDeployment): boolean {
  return graphServices(graph).some(
    ({ use, env, program }) =>
      use === 'frontend' &&
      (env.some(({ name, value }) => name === 'DYN_ROUTER_MODE' && value === 'kv') ||
        flagValue(program.args, '--router-mode') === 'kv'),
  );
}

/** A worker that says nothing decodes for the prefill workers of its graph, or does both where there are none. */
function roleOf({ use, statedRole }: GraphService, isDisaggregated: boolean): EngineRole {
  if (use === 'frontend') return 'both';
  return statedRole ?? (isDisaggregated ? 'decode' : 'both');
}

function setOutput(graph: DynamoGraphDeployment, cliques: Clique[], hasFrontend: boolean): OutputObject {
  const { namespace, name } = graph.metadata;
  const object: PodCliqueSet = {
    apiVersion: apiVersionOf(podCliqueSetKind),
    kind: podCliqueSetKind.kind,
    metadata: { namespace, name },
    spec: {
      replicas: 1,
      template: {
        cliqueStartupType: hasFrontend ? 'CliqueStartupTypeExplicit' : 'CliqueStartupTypeAnyOrder',
        ...(graph.spec.priorityClassName ? { priorityClassName: graph.spec.priorityClassName } : {}),
        cliques,
      },
    },
  };
  return { kind: podCliqueSetKind as OutputObject['kind'], object };
}

function servingOutputs(graph: DynamoGraphDeployment, pools: readonly GraphPool[]): OutputObject[] {
  const { namespace = 'default', name } = graph.metadata;
  const several = pools.flatMap(({ models }) => models).length > 1;
  return pools.flatMap((pool) => [
    poolOutput(namespace, pool.name, pool.port),
    ...pool.models.map((model, i) =>
      modelOutput(namespace, several ? `${name}-${pool.members[0]?.clique}-${i}` : name, model, pool.name),
    ),
  ]);
}
