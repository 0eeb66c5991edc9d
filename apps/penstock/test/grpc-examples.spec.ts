import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Suite, startSuite } from '../src/suite/start-suite.js';
import { ROOT } from '../src/suite/workspace.js';
import { runProgram } from './run-program.js';

const FOLDER = join(ROOT, 'deploy/examples/grpc/typescript');

/** Runs the example and gives its lines. */
async function call(...args: string[]): Promise<{ code: number; lines: string[]; error: string }> {
  const { code, stdout, stderr } = await runProgram(process.execPath, [join(FOLDER, 'call.ts'), ...args]);
  return { code, lines: stdout.split('\n').slice(0, -1), error: stderr };
}

describe('the gRPC example', () => {
  const home = mkdtempSync(join(tmpdir(), 'penstock-grpc-'));
  let suite: Suite;
  beforeAll(async () => {
    const options = { engines: 1, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: 10 };
    suite = await startSuite(home, options, () => undefined, undefined, 'any');
  }, 150_000);
  afterAll(async () => {
    await suite?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it('needs packages of the versions that the suite has', () => {
    const { dependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    for (const [name, version] of Object.entries(dependencies)) {
      expect([name, version]).toEqual([name, lock.packages[`node_modules/${name}`].version]);
    }
  });

  it('lists the methods of a service that it knows nothing about', async () => {
    const { code, lines } = await call(suite.record.urls.kvIndexGrpc);
    expect(code).toBe(0);
    expect(lines).toEqual(
      expect.arrayContaining(
        ['ScoreEndpoints', 'Lookup', 'ListEngines', 'ListEngineBlocks'].map(
          (method) => `penstock.kvindex.v1.KvIndexService/${method}`,
        ),
      ),
    );
  });

  it('calls a method with JSON, and prints each answer of a stream', async () => {
    const service = 'penstock.kvindex.v1.KvIndexService';
    const request = '{"pool_namespace": "penstock", "pool": "laptop"}';
    const engines = await call(suite.record.urls.kvIndexGrpc, `${service}/ListEngines`, request);
    expect(engines.code).toBe(0);
    const [engine] = JSON.parse(engines.lines[0] ?? '').engines;
    expect(engine).toMatchObject({ pool: 'laptop', model: 'Qwen/Qwen3-32B', block_size: 16 });
    const blocks = await call(
      suite.record.urls.kvIndexGrpc,
      `${service}/ListEngineBlocks`,
      JSON.stringify({ engine_id: engine.engine_id }),
    );
    expect([blocks.code, blocks.error]).toEqual([0, '']);
  });

  it('says what is wrong', async () => {
    const { kvIndexGrpc } = suite.record.urls;
    expect(await call()).toMatchObject({ code: 1, error: expect.stringMatching(/^usage: node call\.ts/) });
    expect(await call(kvIndexGrpc, 'penstock.kvindex.v1.KvIndexService/Delete')).toMatchObject({
      code: 1,
      error: expect.stringContaining('has no method Delete; it has ScoreEndpoints'),
    });
    const absent = await call(kvIndexGrpc, 'penstock.v9.Nothing/List');
    expect(absent).toMatchObject({ code: 1, error: expect.stringMatching(/penstock\.v9\.Nothing/) });
    expect((await call('127.0.0.1:1')).error).toContain('UNAVAILABLE');
  });
});
