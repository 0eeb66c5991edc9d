import { z } from 'zod';
import { askEngine, type EngineHttpOptions } from './ask-engine.js';
import { EngineHttpError } from './engine-http-error.js';

/** A LoRA adapter an engine has loaded. */
export interface LoraModel {
  readonly name: string;
  /** Served name of the model it adapts. */
  readonly parent: string;
  readonly path?: string;
}

/** What an engine serves. */
export interface EngineModels {
  /** First served name of the base model. */
  readonly baseModel: string;
  /** All names the base model is served under. */
  readonly baseNames: readonly string[];
  readonly loras: readonly LoraModel[];
  /** Longest context in tokens, prompt and answer; absent when the engine does not say. */
  readonly maxModelLen?: number;
}

const modelList = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      root: z.string().nullish(),
      parent: z.string().nullish(),
      max_model_len: z.number().int().positive().nullish(),
    }),
  ),
});

/**
 * What an engine serves, by its `/v1/models`: base models are the entries without a parent.
 *
 * @param address `ip:port` of its API
 * @throws EngineHttpError
 */
export async function probeModels(address: string, options: EngineHttpOptions = {}): Promise<EngineModels> {
  return parseModels(await askEngine(address, '/v1/models', options), address);
}

function parseModels(text: string, address: string): EngineModels {
  const parsed = modelList.safeParse(parseJson(text));
  const models = parsed.data?.data ?? [];
  const bases = models.filter((model) => !model.parent);
  const [base] = bases;
  if (!base) {
    throw new EngineHttpError(
      'malformed',
      `/v1/models of ${address} lists no base model: ${parsed.error ? z.prettifyError(parsed.error) : 'every entry has a parent'}`,
    );
  }
  return {
    baseModel: base.id,
    baseNames: bases.map((model) => model.id),
    loras: models
      .filter((model) => model.parent)
      .map((model) => ({
        name: model.id,
        parent: model.parent as string,
        path: model.root ?? undefined,
      })),
    maxModelLen: base.max_model_len ?? undefined,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
