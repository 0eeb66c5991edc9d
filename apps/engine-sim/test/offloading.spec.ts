import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BlockHasher,
  chunkPath,
  decodeEngineBatch,
  hashLow64,
  parseChunkPath,
  requestReplay,
} from '@penstock/engine';
import { send, startTestEngine, type TestEngine } from './engine.js';

let engine: TestEngine;
let home: string;
let cpu: string;
let ssd: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'penstock-engine-sim-'));
  cpu = join(home, 'cpu');
  ssd = join(home, 'ssd');
});
afterEach(async () => {
  await engine.stop(0);
  expect(engine.errors).toEqual([]);
  rmSync(home, { recursive: true, force: true });
});

const BLOCKS = 4;
const CHUNK_TOKENS = BLOCKS * 16;
const transferConfig = () =>
  JSON.stringify({
    kv_connector: 'OffloadingConnector',
    kv_role: 'kv_both',
    kv_connector_extra_config: {
      spec_name: 'TieringOffloadingSpec',
      blocks_per_chunk: BLOCKS,
      secondary_tiers: [
        { type: 'fs', root_dir: cpu, enable_kv_events: true },
        { type: 'fs', root_dir: ssd },
      ],
    },
  });
const start = async (...args: string[]) => {
  engine = await startTestEngine(
    '--kv-transfer-config',
    transferConfig(),
    '--kv-events-config',
    '{"enable_kv_cache_events":true,"endpoint":"tcp://*:0","replay_endpoint":"tcp://*:0"}',
    '--sim-bytes-per-block',
    '100',
    '--sim-speed',
    '200',
    ...args,
  );
};

/** Long enough that loading it pays: four chunks and a bit. */
const prompt = (seed: number, tokens = 4 * CHUNK_TOKENS + 5) =>
  Array.from({ length: tokens }, (_, i) => (seed * 7_919 + i * 13) % 6_000);
const complete = async (tokens: number[], extra: object = {}) => {
  const answer = await send(`${engine.url}/v1/completions`, { prompt: tokens, max_tokens: 1, ...extra });
  expect(answer.status).toBe(200);
  const { usage } = JSON.parse(answer.text) as {
    usage: { prompt_tokens_details: { cached_tokens: number } };
  };
  return usage.prompt_tokens_details.cached_tokens;
};
const forget = async () => expect((await send(`${engine.url}/reset_prefix_cache`, {})).status).toBe(200);
const metric = async (name: string) => {
  const { text } = await send(`${engine.url}/metrics`);
  return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')}.* (\\S+)$`, 'm').exec(text)?.[1]);
};
const stored = async (count: number) => {
  for (let i = 0; i < 500; i++) {
    if ((await metric('penstock_sim_stored_chunks_total')) === count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${await metric('penstock_sim_stored_chunks_total')} chunks stored instead of ${count}`);
};
interface Chunk {
  path: string;
  tier: number | null;
}
const chunksOf = async (tokens: number[], extra: object = {}): Promise<Chunk[]> => {
  const { text } = await send(`${engine.url}/debug/chunks`, { prompt: tokens, ...extra });
  return (JSON.parse(text) as { chunks: Chunk[] }).chunks;
};
const move = (path: string, from: string, to: string) => {
  mkdirSync(dirname(join(to, path)), { recursive: true });
  renameSync(join(from, path), join(to, path));
};

describe('an engine that offloads to folders', () => {
  it('stores every whole chunk of a prompt once, as vLLM lays files out', async () => {
    await start();
    await complete(prompt(1));
    await stored(4);
    const digests = new BlockHasher({ blockSize: 16 }).hashPrompt(prompt(1));
    const chunks = await chunksOf(prompt(1));
    expect(chunks.map(({ tier }) => tier)).toEqual([0, 0, 0, 0]);
    for (const [i, { path }] of chunks.entries()) {
      const place = parseChunkPath(path)!;
      expect(place).toMatchObject({ model: 'Qwen_Qwen3-32B', rank: 0, group: 0 });
      expect(place.hash).toBe(digests[(i + 1) * BLOCKS - 1]!.toString('hex'));
      expect(path).toBe(chunkPath({ ...place, model: 'Qwen/Qwen3-32B' }));
      const bytes = readFileSync(join(cpu, path));
      expect(bytes).toHaveLength(BLOCKS * 100);
      expect(bytes.subarray(100, 132)).toEqual(digests[i * BLOCKS + 1]);
      expect(bytes.subarray(164, 196)).toEqual(digests[i * BLOCKS + 1]);
    }
    const { digest } = parseChunkPath(chunks[0]!.path)!;
    const config = JSON.parse(readFileSync(join(cpu, `Qwen_Qwen3-32B_${digest}`, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ tokens_per_hash: 16, blocks_per_file: BLOCKS, tp_size: 2 });
    await complete([...prompt(1), ...prompt(9, CHUNK_TOKENS)]);
    await stored(5);
    expect(readdirSync(ssd)).toEqual([`Qwen_Qwen3-32B_${digest}`]);
  });

  it('announces each file by hash once it is in place', async () => {
    await start();
    await complete(prompt(1));
    await stored(4);
    const digests = new BlockHasher({ blockSize: 16 }).hashPrompt(prompt(1));
    const files: Array<{ hashes: bigint[]; digest: string }> = [];
    for await (const { sequence, payload } of requestReplay(engine.kvReplay!, 0)) {
      const { batch, problems } = decodeEngineBatch(sequence, payload);
      expect(Object.keys(problems)).toEqual([]);
      for (const event of batch!.events) {
        if (event.type !== 'stored' || !event.fileDigest) continue;
        expect(event).toMatchObject({ parent: null, blockSize: 0, groupIdx: 0 });
        expect(event.tokenIds).toHaveLength(0);
        files.push({ hashes: [...event.hashes], digest: Buffer.from(event.fileDigest).toString('hex') });
      }
    }
    const expected = [0, 1, 2, 3].map((i) => ({
      hashes: digests.slice(i * BLOCKS, (i + 1) * BLOCKS).map(hashLow64),
      digest: digests[(i + 1) * BLOCKS - 1]!.toString('hex'),
    }));
    const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1);
    expect(files.sort(byDigest)).toEqual(expected.sort(byDigest));
  });

  it('loads what the GPU no longer has, also from the second folder, and says so', async () => {
    await start();
    expect(await complete(prompt(1))).toBe(0);
    await stored(4);
    await forget();
    const chunks = await chunksOf(prompt(1));
    move(chunks[2]!.path, cpu, ssd);
    expect((await chunksOf(prompt(1))).map(({ tier }) => tier)).toEqual([0, 0, 1, 0]);
    expect(await complete(prompt(1))).toBe(4 * CHUNK_TOKENS);
    expect(await metric('vllm:external_prefix_cache_hits_total')).toBe(4 * CHUNK_TOKENS);
    expect(await metric('vllm:prefix_cache_hits_total')).toBe(0);
    expect(await metric('penstock_sim_loaded_chunks_total')).toBe(4);
    const { text } = await send(`${engine.url}/metrics`);
    const bytes = 4 * CHUNK_TOKENS * 262_144;
    expect(text).toContain(
      `vllm:kv_offload_total_bytes_total{model_name="Qwen/Qwen3-32B",engine="0",transfer_type="CPU_to_GPU"} ${bytes}`,
    );
    expect(await complete(prompt(1))).toBe(4 * CHUNK_TOKENS);
    expect(await metric('penstock_sim_loaded_chunks_total')).toBe(4);
    expect(await metric('penstock_sim_wrong_chunks_total')).toBe(0);
    expect(statSync(join(ssd, chunks[2]!.path)).size).toBe(BLOCKS * 100);
  });

  it('knows what another engine with the same configuration stored', async () => {
    await start();
    await complete(prompt(1));
    await stored(4);
    await engine.stop(0);
    await start('--sim-event-format', 'array');
    expect(await complete(prompt(1))).toBe(4 * CHUNK_TOKENS);
    await engine.stop(0);
    await start('--sim-bytes-per-block', '200');
    expect(await complete(prompt(1))).toBe(0);
  });

  it.each([
    ['missing', (file: string) => rmSync(file)],
    ['short', (file: string) => truncateSync(file, 399)],
    ['short', (file: string) => writeFileSync(file, Buffer.alloc(401))],
    ['wrong', (file: string) => writeFileSync(file, Buffer.alloc(400, 1))],
  ])('computes on from a %s file', async (problem, spoil) => {
    await start();
    await complete(prompt(1));
    await stored(4);
    await forget();
    const [, , third] = await chunksOf(prompt(1));
    spoil(join(cpu, third!.path));
    expect(await complete(prompt(1))).toBe(2 * CHUNK_TOKENS);
    for (const name of ['short', 'wrong']) {
      expect(await metric(`penstock_sim_${name}_chunks_total`)).toBe(name === problem ? 1 : 0);
    }
  });

  it('keeps salted prompts apart', async () => {
    await start();
    await complete(prompt(1), { cache_salt: 'a' });
    await stored(4);
    await forget();
    expect(await complete(prompt(1))).toBe(0);
    await forget();
    expect(await complete(prompt(1), { cache_salt: 'a' })).toBe(4 * CHUNK_TOKENS);
    expect((await chunksOf(prompt(1), { cache_salt: 'a' }))[0]!.path).not.toBe(
      (await chunksOf(prompt(1)))[0]!.path,
    );
  });

  it('computes what is quicker to compute than to load', async () => {
    await start('--sim-tier-links', '[{"gigabytesPerSecond":0.001,"latencyMs":5000}]');
    await complete(prompt(1));
    await stored(4);
    await forget();
    expect(await complete(prompt(1))).toBe(0);
    expect(await metric('vllm:external_prefix_cache_queries_total')).toBeGreaterThan(0);
    expect(await metric('penstock_sim_refused_loads_total')).toBe(1);
  });

  it('goes on when a folder stops taking files', async () => {
    await start();
    const { digest } = parseChunkPath((await chunksOf(prompt(1)))[0]!.path)!;
    writeFileSync(join(cpu, `Qwen_Qwen3-32B_${digest}_r0`), 'in the way');
    await complete(prompt(1));
    await engine.stop(0);
    expect(engine.errors.splice(0)).toEqual([expect.objectContaining({ code: 'ENOTDIR' })]);
  });

  it('says so under /debug/chunks when it stores nothing', async () => {
    engine = await startTestEngine();
    const answer = await send(`${engine.url}/debug/chunks`, { prompt: [1] });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('--kv-transfer-config');
    await engine.stop(0);
    await start();
    expect((await send(`${engine.url}/debug/chunks`, { prompt: 'text' })).status).toBe(400);
  });

  it('does not start with a folder it cannot use', async () => {
    writeFileSync(cpu, 'a file');
    await expect(start()).rejects.toThrow(/root_dir .*cpu cannot be used: .*give a folder/);
    engine = await startTestEngine();
  });
});
