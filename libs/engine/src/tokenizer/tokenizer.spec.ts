import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BUILT_IN_TOKENIZER_DIR, loadTokenizer, type Tokenizer, TokenizerError } from './index.js';

let tokenizer: Tokenizer;
const scratch = mkdtempSync(join(tmpdir(), 'tokenizer-'));
beforeAll(async () => {
  tokenizer = await loadTokenizer();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of our tokenizer with one file replaced (null: removed). */
function folderWith(file: string, content: string | null): string {
  const dir = mkdtempSync(join(scratch, 'copy-'));
  cpSync(BUILT_IN_TOKENIZER_DIR, dir, { recursive: true });
  if (content === null) rmSync(join(dir, file));
  else writeFileSync(join(dir, file), content);
  return dir;
}

describe('encode and decode', () => {
  it('round-trips any well-formed text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text);
        expect(tokenizer.countTokens(text)).toBe(ids.length);
        for (const id of ids) expect(id).toBeLessThan(tokenizer.vocabularySize);
        expect(text.length).toBeLessThanOrEqual(ids.length * tokenizer.longestTokenChars);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps ordinary text short: whole words are one token', () => {
    expect(tokenizer.encode('The water turns the wheel of the power station.').length).toBeLessThanOrEqual(
      11,
    );
  });

  it('knows control tokens and leaves them out on request', () => {
    const ids = tokenizer.encode('<|im_start|>user');
    expect(ids[0]).toBe(1);
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe('user');
  });

  it('decodes nothing to nothing and skips ids it does not know', () => {
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([999_999, ...tokenizer.encode('gate')])).toBe('gate');
  });

  it('reads a long run without a break in reasonable time', () => {
    const started = performance.now();
    expect(tokenizer.decode(tokenizer.encode('a'.repeat(20_000)))).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('textOfTokens', () => {
  it('has exactly the count asked for, also when joined, and depends on the seed only', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(600), fc.integer(), (n, m, seed) => {
        const a = tokenizer.textOfTokens(n, seed);
        const b = tokenizer.textOfTokens(m, seed + 1);
        expect(tokenizer.countTokens(a)).toBe(n);
        expect(tokenizer.countTokens(a + b)).toBe(n + m);
        expect(tokenizer.textOfTokens(n, seed)).toBe(a);
      }),
      { numRuns: 50 },
    );
    expect(tokenizer.textOfTokens(20, 1)).not.toBe(tokenizer.textOfTokens(20, 2));
  });

  it('offers many words, each one token', () => {
    const { ids, texts } = tokenizer.words();
    expect(ids.length).toBeGreaterThan(1_000);
    expect([...tokenizer.encode(texts.join(''))]).toEqual([...ids]);
  });
});

describe('chat template', () => {
  it('writes the conversation and the header of the answer', () => {
    const text = tokenizer.applyChatTemplate([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
    ]);
    expect(text).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('leaves the header out on request and lists tools', () => {
    const messages = [{ role: 'user', content: 'x' }];
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: false })).not.toContain('assistant');
    expect(tokenizer.applyChatTemplate(messages, { tools: [{ name: 'open_gate' }] })).toContain('open_gate');
  });

  it('a longer conversation extends the tokens of a shorter one', () => {
    const first = [{ role: 'user', content: 'Open the gate' }];
    const next = [...first, { role: 'assistant', content: 'Done' }, { role: 'user', content: 'Thanks' }];
    const head = tokenizer.encodeChat(first, { addGenerationPrompt: false });
    expect([...tokenizer.encodeChat(next)].slice(0, head.length)).toEqual([...head]);
  });

  it('refuses roles and parts it cannot write, as a template error', () => {
    for (const message of [
      { role: 'wizard', content: 'x' },
      { role: 'user', content: [{ type: 'image_url' }] },
    ]) {
      expect(() => tokenizer.applyChatTemplate([message])).toThrow(
        expect.objectContaining({ name: 'TokenizerError', reason: 'template' }),
      );
    }
  });

  it('reads several templates and the template file', async () => {
    const several = {
      chat_template: [
        { name: 'rag', template: 'r' },
        { name: 'default', template: 'd' },
      ],
    };
    const a = await loadTokenizer(folderWith('tokenizer_config.json', JSON.stringify(several)));
    expect(a.applyChatTemplate([])).toBe('d');
    const dir = folderWith('tokenizer_config.json', '{"eos_token": {"content": "<|im_end|>"}}');
    writeFileSync(join(dir, 'chat_template.jinja'), '{{ eos_token }}');
    expect((await loadTokenizer(dir)).applyChatTemplate([])).toBe('<|im_end|>');
  });
});

describe('loadTokenizer', () => {
  it.each([
    ['tokenizer.json', null, 'missing'],
    ['tokenizer_config.json', null, 'missing'],
    ['tokenizer.json', '{"model": ', 'corrupt'],
    ['tokenizer.json', '{}', 'corrupt'],
    ['tokenizer.json', '[]', 'corrupt'],
    ['tokenizer.json', '{"model": {"type": "NoSuchModel", "vocab": {}}}', 'corrupt'],
    ['tokenizer_config.json', '{"chat_template": 7}', 'corrupt'],
    ['tokenizer_config.json', '{"chat_template": "{% if %}"}', 'corrupt'],
  ])('%s = %s is refused as %s', async (file, content, reason) => {
    const dir = folderWith(file, content);
    const failure = await loadTokenizer(dir).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TokenizerError);
    expect(failure).toMatchObject({ reason });
    expect((failure as Error).message).toContain(dir);
  });

  it('without a template says so when one is needed', async () => {
    const bare = await loadTokenizer(folderWith('tokenizer_config.json', '{}'));
    expect(bare.hasChatTemplate).toBe(false);
    expect(() => bare.applyChatTemplate([])).toThrow(/no chat template/);
  });
});
