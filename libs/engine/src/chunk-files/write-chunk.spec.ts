import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LayoutFields, readLayoutConfig, writeChunk, writeLayoutConfig } from './index.js';

const HASH = 'ab'.repeat(32);
const PATH = `m_252c57518d5a_r0/aba/ba_g0/${HASH}.bin`;
const FIELDS: LayoutFields = {
  model_name: 'org/modèle',
  tokens_per_hash: 16,
  blocks_per_file: 32,
  tp_size: 1,
  pp_size: 1,
  pcp_size: 1,
  dcp_size: 1,
  dtype: 'bfloat16',
  kv_cache_groups: [{ tokens_per_block: 16, layer_names: ['layer'] }],
  inference_engine: 'vllm',
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chunk-files-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('writeChunk', () => {
  it('writes the bytes and leaves nothing else', async () => {
    for (const [path, sync] of [
      [PATH, true],
      [PATH.replace('_r0', '_r1'), false],
    ] as const) {
      expect(await writeChunk(root, path, Buffer.from('bytes'), { sync })).toBe(true);
      expect(await readFile(join(root, path), 'utf8')).toBe('bytes');
      expect(await readdir(dirname(join(root, path)))).toEqual([`${HASH}.bin`]);
    }
  });

  it('leaves a chunk that is there as it is', async () => {
    await writeChunk(root, PATH, Buffer.from('first'));
    expect(await writeChunk(root, PATH, Buffer.from('second'))).toBe(false);
    expect(await readFile(join(root, PATH), 'utf8')).toBe('first');
  });

  it('takes a dangling link for a file that is there and does not write through it', async () => {
    const outside = join(root, 'outside');
    await mkdir(dirname(join(root, PATH)), { recursive: true });
    await symlink(outside, join(root, PATH));
    expect(await writeChunk(root, PATH, Buffer.from('bytes'))).toBe(false);
    await expect(readFile(outside)).rejects.toThrow('ENOENT');
  });

  it('refuses a path that is none of a chunk', async () => {
    await expect(writeChunk(root, '../escape.bin', Buffer.from('x'))).rejects.toThrow(
      'is not the path of a chunk; make it with chunkPath',
    );
  });

  it('says what the file system says and leaves no temporary file', async () => {
    await writeFile(join(root, 'm_252c57518d5a_r0'), 'a file where a folder should be');
    await expect(writeChunk(root, PATH, Buffer.from('x'))).rejects.toThrow('ENOTDIR');
    expect(await readdir(root)).toEqual(['m_252c57518d5a_r0']);
  });
});

describe('layout config', () => {
  it('is written once, beside the ranks, and read back', async () => {
    expect(await readLayoutConfig(root, 'org/modèle', '0'.repeat(12))).toBeUndefined();
    const digest = await writeLayoutConfig(root, FIELDS);
    expect(await writeLayoutConfig(root, FIELDS)).toBe(digest);
    expect(await readdir(root)).toEqual([`org_modèle_${digest}`]);
    expect(await readdir(join(root, `org_modèle_${digest}`))).toEqual(['config.json']);
    const text = await readFile(join(root, `org_modèle_${digest}`, 'config.json'), 'utf8');
    expect(text).toContain('{\n  "model_name": "org/mod\\u00e8le",\n');
    expect(await readLayoutConfig(root, 'org/modèle', digest)).toEqual(FIELDS);
  });

  it.each(['', '[]', '"text"'])('names the file when it holds %j', async (text) => {
    const digest = await writeLayoutConfig(root, FIELDS);
    const file = join(root, `org_modèle_${digest}`, 'config.json');
    await writeFile(file, text);
    await expect(readLayoutConfig(root, 'org/modèle', digest)).rejects.toThrow(file);
  });
});
