import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BUILT_IN_TOKENIZER_DIR, loadTokenizer } from '@penstock/engine';
import { FolderTokenizer } from './folder-tokenizer.js';

describe('FolderTokenizer', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'penstock-tokenizers-'));
    await cp(BUILT_IN_TOKENIZER_DIR, join(folder, 'acme', 'model'), { recursive: true });
    await mkdir(join(folder, 'acme--broken'));
    await writeFile(join(folder, 'acme--broken', 'tokenizer.json'), 'nothing');
    await writeFile(join(folder, 'acme--broken', 'tokenizer_config.json'), '{}');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("encodes as the model's tokenizer does, from a folder for each model or one for all", async () => {
    const text = 'The water turns the wheel. '.repeat(20);
    const expected = (await loadTokenizer()).encode(text);
    for (const [dir, model] of [
      [folder, 'acme/model'],
      [BUILT_IN_TOKENIZER_DIR, 'any'],
    ] as const) {
      const tokenizer = new FolderTokenizer(dir);
      expect(await tokenizer.encode(text, model)).toEqual(expected);
      await tokenizer.close();
    }
  });

  it.each([
    ['without a tokenizer', 'acme/other', 'there is no tokenizer.json'],
    ['with a broken one', 'acme/broken', 'is not JSON'],
    ['whose name leads elsewhere', '../../etc', 'there is no tokenizer.json'],
  ])('refuses a model %s, and says how to mend it', async (_what, model, says) => {
    const tokenizer = new FolderTokenizer(folder);
    const refusal = { reason: 'failed-precondition', what: expect.stringContaining(says) };
    await expect(tokenizer.encode('text', model)).rejects.toMatchObject(refusal);
    await expect(tokenizer.encode('text', model)).rejects.toThrow('--tokenizer-dir');
    await tokenizer.close();
  });
});
