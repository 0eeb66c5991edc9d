import type { TranslationProblem } from '../translation.js';

/** Annotation: type of the weights, one of `auto`, `bfloat16`, `float16`, `float32`, `fp8`. */
export const DTYPE_ANNOTATION = 'penstock.dev/model-dtype';
/** Annotation: where engines download the model from, `huggingface` or `modelscope`. */
export const SOURCE_ANNOTATION = 'penstock.dev/model-source';

/** What engines are told about the model besides its name. */
export interface ModelOptions {
  readonly args: readonly string[];
  readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  /** Bytes of one parameter; undefined where the model decides. */
  readonly parameterBytes: number | undefined;
  readonly problems: readonly TranslationProblem[];
}

/** fp8 is no `--dtype` of vLLM: it quantises the weights when it loads them. */
const DTYPES: Readonly<Record<string, { readonly args: readonly string[]; readonly bytes?: number }>> = {
  auto: { args: ['--dtype=auto'] },
  bfloat16: { args: ['--dtype=bfloat16'], bytes: 2 },
  float16: { args: ['--dtype=float16'], bytes: 2 },
  float32: { args: ['--dtype=float32'], bytes: 4 },
  fp8: { args: ['--quantization=fp8'], bytes: 1 },
};
const SOURCES: Readonly<Record<string, string>> = { huggingface: 'False', modelscope: 'True' };

/** Reads the annotations of a pool about its model; without them engines do as their image and the model say. */
export function modelOptions(annotations: Readonly<Record<string, string>>): ModelOptions {
  const problems: TranslationProblem[] = [];
  const choose = <T>(annotation: string, choices: Readonly<Record<string, T>>): T | undefined => {
    const text = annotations[annotation];
    if (text === undefined) return undefined;
    if (Object.hasOwn(choices, text)) return choices[text];
    const message = `is ${JSON.stringify(text)}: write one of ${Object.keys(choices).join(', ')}`;
    problems.push({ field: `metadata.annotations[${annotation}]`, message });
    return undefined;
  };
  const dtype = choose(DTYPE_ANNOTATION, DTYPES);
  const useModelScope = choose(SOURCE_ANNOTATION, SOURCES);
  return {
    args: dtype?.args ?? [],
    env: useModelScope === undefined ? [] : [{ name: 'VLLM_USE_MODELSCOPE', value: useModelScope }],
    parameterBytes: dtype?.bytes,
    problems,
  };
}
