import { crc32 } from 'node:zlib';
import type { SingleTokenWords } from '@penstock/engine';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export interface OutputRequest {
  readonly promptTokens: Uint32Array;
  /** Most tokens to generate; at least 1. */
  readonly maxTokens: number;
  readonly minTokens: number;
  /** Generates exactly `maxTokens` (unless a stop string comes first). */
  readonly ignoreEos: boolean;
  readonly stop: readonly string[];
  readonly includeStop: boolean;
  readonly seed: number;
}

/** Mean of the answers' natural length in tokens, where the request leaves the length open. */
const MEAN_TOKENS = 256;

/**
 * The answer to one request, known before it is "generated": the same words for the same engine seed, request
 * seed and prompt. Where the end is left to the model, lengths are exponentially distributed.
 */
export class OutputPlan {
  /** Indices into the word list, one per token. */
  readonly words: Uint16Array;
  readonly finishReason: 'stop' | 'length';
  /** Stop string that ended the answer. */
  readonly stopReason: string | null = null;
  /** Texts of the last tokens where a stop string shortened them. */
  private readonly shortened: readonly string[] = [];

  constructor(
    private readonly vocabulary: SingleTokenWords,
    engineSeed: number,
    request: OutputRequest,
  ) {
    const { promptTokens, maxTokens, minTokens } = request;
    const bytes = new Uint8Array(promptTokens.buffer, promptTokens.byteOffset, promptTokens.byteLength);
    const random = xoroshiro128plus(crc32(bytes, (engineSeed ^ Math.imul(request.seed, 0x9e3779b1)) >>> 0));
    // The generator starts from the seed as it is: its first draws are alike for neighbouring seeds.
    for (let i = 0; i < 8; i++) random.next();
    const draw = ((random.next() >>> 0) + 0.5) / 2 ** 32;
    const natural = Math.max(1, minTokens, Math.ceil(-Math.log(draw) * MEAN_TOKENS));
    const count = request.ignoreEos ? maxTokens : Math.min(maxTokens, natural);
    this.finishReason = count < maxTokens ? 'stop' : 'length';
    let words = new Uint16Array(count);
    for (let i = 0; i < count; i++) words[i] = (random.next() >>> 0) % vocabulary.texts.length;
    if (request.stop.length > 0) {
      const stopped = findStop(
        Array.from(words, (word) => vocabulary.texts[word]!),
        request,
      );
      if (stopped) {
        words = words.slice(0, stopped.tokens);
        this.shortened = stopped.texts;
        this.stopReason = stopped.stop;
        this.finishReason = 'stop';
      }
    }
    this.words = words;
  }

  get tokens(): number {
    return this.words.length;
  }

  /** Text that output token `index` adds. */
  textOf(index: number): string {
    const fromEnd = index - (this.words.length - this.shortened.length);
    return fromEnd >= 0 ? this.shortened[fromEnd]! : this.vocabulary.texts[this.words[index]!]!;
  }

  idOf(index: number): number {
    return this.vocabulary.ids[this.words[index]!]!;
  }

  text(): string {
    let text = '';
    for (let i = 0; i < this.words.length; i++) text += this.textOf(i);
    return text;
  }
}

interface Stopped {
  readonly tokens: number;
  readonly texts: string[];
  readonly stop: string;
}

/** Where the first stop string ends the text: that token is the last, and the text is cut before the string. */
function findStop(texts: readonly string[], request: OutputRequest): Stopped | undefined {
  const whole = texts.join('');
  // vLLM looks for stop strings only in what comes after `min_tokens`.
  const from = texts.slice(0, request.minTokens).reduce((sum, text) => sum + text.length, 0);
  let best: { at: number; stop: string } | undefined;
  for (const stop of request.stop) {
    const at = whole.indexOf(stop, from);
    if (at >= 0 && (!best || at + stop.length < best.at + best.stop.length)) best = { at, stop };
  }
  if (!best) return undefined;
  const endsAt = best.at + best.stop.length;
  const visible = request.includeStop ? endsAt : best.at;
  const kept: string[] = [];
  let firstChanged = 0;
  for (let offset = 0, i = 0; offset < endsAt; i++) {
    const text = texts[i]!;
    if (offset + text.length <= visible) firstChanged = i + 1;
    kept.push(text.slice(0, Math.max(0, visible - offset)));
    offset += text.length;
  }
  return { tokens: kept.length, texts: kept.slice(firstChanged), stop: best.stop };
}
