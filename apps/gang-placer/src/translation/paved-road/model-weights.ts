import { parametersOf } from '@penstock/core/engine-model';

/** Parameters and bytes per parameter of models whose names do not tell their size. */
const MODELS: ReadonlyArray<readonly [name: RegExp, parameters: number, bytes: number]> = [
  [/^deepseek-(v3|r1)(?!-distill)/, 671e9, 1],
  [/^kimi-k2/, 1_000e9, 1],
  [/^glm-4\.[56](?!-air)/, 355e9, 2],
  [/^llama-4-scout/, 109e9, 2],
  [/^llama-4-maverick/, 400e9, 2],
  [/^mistral-large/, 123e9, 2],
];

/**
 * Bytes of a model's weights; undefined when neither its name nor the table tells them.
 * @param parameterBytes bytes of one parameter, where something stronger than the name says so
 */
export function weightBytes(model: string, parameterBytes?: number): number | undefined {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const known = MODELS.find(([pattern]) => pattern.test(name));
  const parameters = parametersOf(model) ?? known?.[1];
  if (parameters === undefined) return undefined;
  return parameters * (parameterBytes ?? quantisedBytes(name) ?? known?.[2] ?? 2);
}

/** Bytes per parameter that a name tells; bfloat16 is the rule and tells nothing. */
function quantisedBytes(name: string): number | undefined {
  if (/awq|gptq|int4|w4a16|fp4/.test(name)) return 0.5;
  return /fp8|int8|w8a8/.test(name) ? 1 : undefined;
}
