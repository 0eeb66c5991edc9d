import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadTokenizer, type Tokenizer, TokenizerError } from '@penstock/engine';
import type { PromptContent } from './completion-request.js';
import { type TokenizeDependencies, TokenizePrompt } from './tokenize-prompt.js';
import type { Parity } from './tokenizing/tokenizer-parity.js';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer();
});

const text: PromptContent = { kind: 'text', text: 'the water turns the wheel. '.repeat(40) };
const chat = (messages: number): PromptContent => ({
  kind: 'chat',
  addGenerationPrompt: true,
  messages: Array.from({ length: messages }, () => ({ role: 'user', content: 'open' })),
});
const target = { baseModel: 'base', targetModel: 'lora', engines: ['10.0.0.1:8000'] };
const seen: string[] = [];
beforeEach(() => void seen.splice(0));

function build(
  facts: Partial<TokenizeDependencies> & { parity?: never; drift?: Parity; none?: boolean } = {},
) {
  const { drift = 'unknown', none = false, ...rest } = facts;
  const loaded = { tokenizer, source: { dir: 'd', version: 'v' }, origin: 'default' as const };
  return new TokenizePrompt({
    tokenizers: { of: (model) => (none || model !== 'base' ? undefined : loaded) },
    parity: { of: (_model, kind) => (kind === 'text' ? drift : 'unknown'), list: () => [] },
    threadChars: 200,
    timeoutMs: 1000,
    observer: {
      tokenized: (by) => void seen.push(by),
      tokenizerReplaced: (why) => void seen.push(`asked: ${why}`),
      tokenizeFailed: (why) => void seen.push(`failed: ${why}`),
    },
    ...rest,
  });
}
const engines = (answer: () => Promise<Uint32Array>) => ({
  tokenize: (model: string, _: unknown, of: readonly string[]) => {
    expect([model, of]).toEqual(['lora', target.engines]);
    return answer();
  },
});
const theirs = Uint32Array.of(7, 8, 9);
const threads = {
  encode: async (_: unknown, parts: readonly string[]) => parts.map((part) => tokenizer.encodePart(part)),
  render: async (_: unknown, messages: readonly never[]) => tokenizer.applyChatTemplate(messages),
};

describe('TokenizePrompt', () => {
  it('takes token ids as they are, and estimates where no pool serves the model', () => {
    expect(build().tokenize({ kind: 'tokens', tokenIds: theirs })).toEqual({ tokenIds: theirs, tokens: 3 });
    expect(build().tokenize({ kind: 'text', text: '12345678' })).toEqual({ tokens: 2 });
    expect(seen).toEqual([]);
  });

  it('encodes short prompts at once, with the special tokens that they get', async () => {
    const tokenIds = tokenizer.encode('gate');
    expect(build({ workers: threads }).tokenize({ kind: 'text', text: 'gate' }, target)).toEqual({
      tokenIds,
      tokens: tokenIds.length,
    });
    const written = build().tokenize(chat(1), target);
    expect(written).toMatchObject({ tokenIds: tokenizer.encodeChat([{ role: 'user', content: 'open' }]) });
    expect(seen).toEqual(['here', 'here']);
  });

  it('lets a thread encode long ones, once', async () => {
    const fresh = build({
      workers: threads,
      tokenizers: { of: () => ({ tokenizer: other, source: { dir: 'd', version: 'v' }, origin: 'folder' }) },
    });
    const other = await loadTokenizer();
    const first = fresh.tokenize(text, target);
    expect(first).toBeInstanceOf(Promise);
    expect((await first).tokenIds).toEqual(tokenizer.encode(text.kind === 'text' ? text.text : ''));
    expect(fresh.tokenize(text, target)).toEqual(await first);
    const long = await fresh.tokenize(chat(300), target);
    const { messages } = chat(300) as Extract<PromptContent, { kind: 'chat' }>;
    expect(long.tokenIds).toEqual(tokenizer.encodeChat(messages));
    expect(seen).toEqual(['thread', 'here', 'thread']);
  });

  it.each(['busy', 'timeout', 'stopped'] as const)('does without where a thread is %s', async (reason) => {
    const failing = { ...threads, encode: () => Promise.reject(new TokenizerError(reason, 'x')) };
    const other = await loadTokenizer();
    const tokenizers = {
      of: () => ({ tokenizer: other, source: { dir: 'd', version: 'v' }, origin: 'folder' as const }),
    };
    const prompt = await build({
      workers: failing,
      tokenizers,
      engines: engines(async () => theirs),
    }).tokenize(text, target);
    expect(prompt).toEqual({ tokens: Math.ceil((text as { text: string }).text.length / 4) });
    expect(seen).toEqual([`failed: ${reason}`]);
  });

  it('asks an engine where there is no tokenizer, where it drifts, and where it fails', async () => {
    const asking = { engines: engines(async () => theirs) };
    const refused: PromptContent = {
      kind: 'chat',
      addGenerationPrompt: true,
      messages: [{ role: 'wizard' }],
    };
    for (const prompt of [
      build({ ...asking, none: true }).tokenize(text, target),
      build({ ...asking, drift: 'drift' }).tokenize(text, target),
      build(asking).tokenize(refused, target),
    ]) {
      expect(await prompt).toEqual({ tokenIds: theirs, tokens: 3 });
    }
    expect(seen).toEqual([
      'asked: no-tokenizer',
      'asked: drift',
      'asked: failed',
      'engine',
      'engine',
      'engine',
    ]);
  });

  it('keeps its own tokenizer for the prompts that do not drift', () => {
    expect(
      build({ drift: 'drift', engines: engines(async () => theirs) }).tokenize(chat(1), target),
    ).toMatchObject({
      tokenIds: expect.any(Uint32Array),
    });
    expect(seen).toEqual(['here']);
  });

  it('knows no prefix rather than a wrong one', async () => {
    const failing = engines(() => Promise.reject(new Error('x')));
    expect(await build({ drift: 'drift', engines: failing }).tokenize(text, target)).not.toHaveProperty(
      'tokenIds',
    );
    expect(await build({ drift: 'drift' }).tokenize(text, target)).not.toHaveProperty('tokenIds');
    const nobody = { ...target, engines: [] };
    expect(await build({ none: true, engines: failing }).tokenize(chat(1), nobody)).not.toHaveProperty(
      'tokenIds',
    );
    expect(seen).toEqual(['asked: drift', 'failed: engine', 'failed: drift', 'failed: no-tokenizer']);
  });
});
