import { afterEach, describe, expect, it } from '@jest/globals';
import { requestReplay } from '@penstock/engine';
import { send } from './engine.js';
import { EngineProcess } from './process.js';

const started: EngineProcess[] = [];
const start = (args: string[] = [], env: NodeJS.ProcessEnv = {}) => {
  const engine = EngineProcess.start(['--port', '0', ...args], env);
  started.push(engine);
  return engine;
};
afterEach(async () => {
  for (const engine of started.splice(0)) if (engine.child.exitCode === null) await engine.kill();
});
const KV_EVENTS = [
  '--kv-events-config',
  '{"enable_kv_cache_events":true,"endpoint":"tcp://*:0","replay_endpoint":"tcp://*:0"}',
];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the process', () => {
  it('is ready within a second, small and quiet while idle', async () => {
    const engine = start(KV_EVENTS);
    await engine.ready();
    expect(performance.now() - engine.startedAtMs).toBeLessThan(2_000);
    await pause(1_500);
    const before = engine.cpuTicks();
    await pause(1_000);
    expect(engine.cpuTicks() - before).toBeLessThanOrEqual(2);
    expect(engine.rssBytes()).toBeLessThan(100_000_000);
  });

  it('listens where it is told, so that engines share ports on addresses of their own', async () => {
    const first = await start(['--host', '127.0.0.41', ...KV_EVENTS]).ready();
    expect(first).toEqual({
      ready: true,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.41:\d+$/),
      kvEvents: expect.stringMatching(/^tcp:\/\/127\.0\.0\.41:\d+$/),
      kvReplay: expect.stringMatching(/^tcp:\/\/127\.0\.0\.41:\d+$/),
    });
    const { port } = new URL(first.url);
    const second = await start(['--host', '127.0.0.42', '--port', port]).ready();
    expect(new URL(second.url).port).toBe(port);
    const third = start(['--host', '127.0.0.42', '--port', port]);
    expect(await third.exit()).toMatchObject({ code: 1 });
    expect(third.stderr).toMatch(/EADDRINUSE.*--port/);
  });

  it('finishes what runs when told to stop, and ends with 0', async () => {
    const engine = start(['--sim-speed', '20']);
    const { url } = await engine.ready();
    const answer = send(`${url}/v1/completions`, { prompt: [1], max_tokens: 500, ignore_eos: true });
    await pause(100);
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect((await answer).status).toBe(200);
  });

  it('gives up on what takes too long, with an error instead of silence', async () => {
    const engine = start();
    const { url } = await engine.ready();
    const answer = send(`${url}/v1/completions`, {
      prompt: [1],
      max_tokens: 5_000,
      ignore_eos: true,
      stream: true,
    });
    await pause(100);
    expect(await engine.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect((await answer).text).toContain('"code":503');
  });

  it('starts again with sequence 0, an empty cache and the same hashes', async () => {
    const lives: unknown[] = [];
    for (let life = 0; life < 2; life++) {
      const engine = start(KV_EVENTS, { PYTHONHASHSEED: '7' });
      const { url, kvReplay } = await engine.ready();
      expect(JSON.parse((await send(`${url}/debug/cache`)).text)).toMatchObject({
        lastSequence: null,
        blocks: [],
      });
      await send(`${url}/v1/completions`, { prompt: Array(40).fill(9), max_tokens: 1 });
      const { blocks, lastSequence } = JSON.parse((await send(`${url}/debug/cache`)).text);
      expect(lastSequence).toBe(0);
      expect(blocks).toHaveLength(2);
      const sequences: number[] = [];
      for await (const { sequence } of requestReplay(kvReplay, 0)) sequences.push(sequence);
      expect(sequences).toEqual([0]);
      lives.push(blocks);
      await engine.kill();
    }
    expect(lives[1]).toEqual(lives[0]);
  });

  it('crashes when asked to', async () => {
    const engine = start();
    const { url } = await engine.ready();
    await expect(send(`${url}/debug/failures`, { crash: true })).rejects.toThrow();
    expect(await engine.exit()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('reports every mistake and ends with 1', async () => {
    const engine = start(['--sim-gpu', 'abacus', '--max-num-seqs', '-1', '--sim-nothing']);
    expect(await engine.exit()).toMatchObject({ code: 1 });
    expect(engine.stderr).toContain('--max-num-seqs');
    expect(engine.stderr).toContain('--sim-nothing');
    expect(engine.stdout).toBe('');
    const unknown = start(['--sim-gpu', 'abacus']);
    expect(await unknown.exit()).toMatchObject({ code: 1 });
    expect(unknown.stderr).toMatch(/abacus.*h100/);
  });

  it('explains itself', async () => {
    const engine = start(['--help']);
    expect(await engine.exit()).toMatchObject({ code: 0 });
    expect(engine.stdout).toContain('--kv-events-config');
  });
});
