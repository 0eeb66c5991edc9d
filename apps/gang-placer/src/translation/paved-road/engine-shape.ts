import type { FieldNote, TranslationProblem } from '../translation.js';
import { weightBytes } from './model-weights.js';

/** Annotation: GPUs of one engine, which are its tensor-parallel size. */
export const GPUS_ANNOTATION = 'penstock.dev/gpus-per-engine';

const SIZES = [1, 2, 4, 8];
/** Share of a GPU's memory that vLLM uses. */
const USED = 0.9;
/** Activations, CUDA graphs and communication, per GPU: see `kvPoolTokens` of the engine model. */
const OVERHEAD_BYTES = 3.9e9;
/** Least share of the engine's memory that is left for the KV cache. */
const CACHE_SHARE = 0.2;

export interface EngineShape {
  readonly gpus: number;
  readonly notes: readonly FieldNote[];
  readonly problems: readonly TranslationProblem[];
}

/**
 * GPUs of one engine: as many as the annotation says, else the smallest of 1, 2, 4 and 8 whose memory holds the weights
 * and leaves a fifth for the KV cache. An engine does not reach across nodes.
 *
 * @param parameterBytes bytes of one parameter of the weights, where the pool says their type
 */
export function engineShape(
  model: string,
  memoryBytes: number | undefined,
  annotation: string | undefined,
  parameterBytes?: number,
): EngineShape {
  if (annotation !== undefined) return shapeSaid(annotation);
  const weights = weightBytes(model, parameterBytes);
  const hint = `set the annotation ${GPUS_ANNOTATION}`;
  if (weights === undefined || memoryBytes === undefined) {
    const unknown = weights === undefined ? 'the size of the model' : 'the memory of the accelerator';
    const note = { field: 'spec.hardware', why: `${unknown} is not known, so an engine gets 1 GPU: ${hint}` };
    return { gpus: 1, notes: [note], problems: [] };
  }
  const perGpu = memoryBytes * USED - OVERHEAD_BYTES;
  const gpus = SIZES.find((size) => weights <= perGpu * size * (1 - CACHE_SHARE));
  if (gpus !== undefined) return { gpus, notes: [], problems: [] };
  const why = `8 of these GPUs have ${gigabytes(perGpu * 8)} GB for weights of about ${gigabytes(weights)} GB and their KV cache, and engines across nodes are not supported: real engines will not start on 8 GPUs; choose a GPU with more memory or fewer bits per weight, or ${hint}`;
  return { gpus: 8, notes: [{ field: 'spec.hardware.accelerator', why }], problems: [] };
}

function shapeSaid(text: string): EngineShape {
  const gpus = Number(text);
  if (/^\d{1,3}$/.test(text) && gpus >= 1 && gpus <= 64) return { gpus, notes: [], problems: [] };
  const message = `is ${JSON.stringify(text)}: write the number of GPUs of one engine, "1" to "64"`;
  return { gpus: 1, notes: [], problems: [{ field: `metadata.annotations[${GPUS_ANNOTATION}]`, message }] };
}

const gigabytes = (bytes: number): number => Math.round(bytes / 1e9);
