import {
  apiVersionOf,
  type PavedRoadInferencePool,
  type PodCliqueSet,
  pavedRoadInferencePoolKind,
  pavedRoadInferencePoolSchema,
  podCliqueSetKind,
} from '@penstock/contracts';
import { PREFILL_IDLE } from '../outputs/prefill-idle.js';
import { modelOutput, poolOutput } from '../outputs/serving-outputs.js';
import { variantOutput } from '../outputs/variant-output.js';
import { parseSource } from '../parse-source.js';
import type {
  FieldNote,
  OutputObject,
  TranslationProblem,
  TranslationResult,
  TranslationSettings,
} from '../translation.js';
import type { Translator } from '../translator.js';
import { ACCELERATOR_NAMES, findAccelerator } from './accelerators.js';
import { ENGINE_PORT, engineClique } from './engine-clique.js';
import { engineShape, GPUS_ANNOTATION } from './engine-shape.js';
import { engineStorage } from './engine-storage.js';
import { modelOptions } from './model-options.js';
import { boundsAnnotation, type ReplicaBounds, replicaBounds } from './replica-bounds.js';

/** Paved-road pools become a PodCliqueSet with a clique per role, an InferencePool, an InferenceModel and variants. */
export const pavedRoadTranslator: Translator = {
  kind: pavedRoadInferencePoolKind as Translator['kind'],
  label: 'paved-road',
  translate: (source, settings) => {
    const parsed = parseSource(pavedRoadInferencePoolSchema, source);
    return 'problems' in parsed ? parsed : translatePavedRoad(parsed.value, settings);
  },
};

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  spec: ['model', 'replicas', 'hardware', 'kvCache'],
  'spec.replicas': ['prefill', 'decode'],
  'spec.hardware': ['accelerator'],
  'spec.kvCache': ['tier'],
};

interface Role {
  readonly role: 'prefill' | 'decode';
  readonly replicas: number;
  readonly bounds: ReplicaBounds;
}

/** What a paved-road pool becomes. Same pool and settings, same objects. */
export function translatePavedRoad(
  pool: PavedRoadInferencePool,
  settings: TranslationSettings,
): TranslationResult {
  const { namespace = 'default', name, annotations = {} } = pool.metadata;
  const { model, replicas, hardware } = pool.spec;
  const problems: TranslationProblem[] = [];
  const wanted = hardware?.accelerator;
  const accelerator = wanted === undefined ? undefined : findAccelerator(wanted);
  if (wanted !== undefined && !accelerator) {
    const known = `${ACCELERATOR_NAMES.join(', ')}, or a node's nvidia.com/gpu.product label such as NVIDIA-L40S`;
    problems.push({
      field: 'spec.hardware.accelerator',
      message: `${JSON.stringify(wanted)} is not known: write ${known}`,
    });
  }
  const options = modelOptions(annotations);
  const gpusSaid = annotations[GPUS_ANNOTATION];
  const shape = engineShape(model, accelerator?.memoryBytes, gpusSaid, options.parameterBytes);
  problems.push(...options.problems, ...shape.problems);
  const roles = (['decode', 'prefill'] as const).flatMap((role): Role[] => {
    const count = replicas[role] ?? 0;
    if (role === 'prefill' && count === 0) return [];
    const { bounds, problems: wrong } = replicaBounds(role, count, annotations[boundsAnnotation(role)]);
    problems.push(...wrong);
    return [{ role, replicas: count, bounds }];
  });
  if (problems.length > 0) return { problems };
  const isDisaggregated = roles.length > 1;
  const storage = engineStorage(pool.spec.kvCache?.tier, settings);
  const cliques = roles.map(({ role, replicas: count }) =>
    engineClique({
      ...{ role, replicas: count, model, accelerator, isDisaggregated, pool: name },
      ...{ image: settings.engineImage, gpus: shape.gpus, modelOptions: options, storage },
    }),
  );
  const set: PodCliqueSet = {
    apiVersion: apiVersionOf(podCliqueSetKind),
    kind: podCliqueSetKind.kind,
    metadata: { namespace, name },
    spec: { replicas: 1, template: { cliqueStartupType: 'CliqueStartupTypeAnyOrder', cliques } },
  };
  return {
    objects: [
      { kind: podCliqueSetKind as OutputObject['kind'], object: set },
      poolOutput(namespace, name, ENGINE_PORT),
      modelOutput(namespace, name, model, name),
      ...roles.map(({ role, bounds }) =>
        variantOutput({ namespace, set: name, clique: role, model, bounds }),
      ),
    ],
    notActedUpon: [
      ...shape.notes,
      ...(isDisaggregated ? [{ field: 'spec.replicas.prefill', why: PREFILL_IDLE }] : []),
      ...storage.notes,
      ...leftOut(pool),
    ],
  };
}

function leftOut({ spec }: PavedRoadInferencePool): FieldNote[] {
  const notes: FieldNote[] = [];
  const parts = {
    spec,
    'spec.replicas': spec.replicas,
    'spec.hardware': spec.hardware,
    'spec.kvCache': spec.kvCache,
  };
  for (const [path, part] of Object.entries(parts)) {
    for (const key of Object.keys(part ?? {})) {
      if (!KNOWN[path]?.includes(key))
        notes.push({ field: `${path}.${key}`, why: 'is not a field that Penstock knows' });
    }
  }
  return notes;
}
