import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Suite, startSuite } from '../src/suite/start-suite.js';
import { ROOT } from '../src/suite/workspace.js';
import { runProgram } from './run-program.js';

const SCRIPT = readFileSync(join(ROOT, 'deploy/charts/penstock/files/completion.mjs'), 'utf8');

/** Runs the script of `helm test` as its pod does. */
const complete = (frontDoor: string, { model = '', timeoutMs = 20_000 } = {}) =>
  runProgram(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    FRONT_DOOR: frontDoor,
    MODEL: model,
    TIMEOUT_MS: String(timeoutMs),
  });

describe('the script of helm test', () => {
  const home = mkdtempSync(join(tmpdir(), 'penstock-chart-test-'));
  let suite: Suite;
  beforeAll(async () => {
    const options = { engines: 1, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: 10 };
    suite = await startSuite(home, options, () => undefined, undefined, 'any');
  }, 150_000);
  afterAll(async () => {
    await suite?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it.each(['Qwen/Qwen3-32B', ''])('gets a completion for the model "%s" of a suite', async (model) => {
    const { code, stdout, stderr } = await complete(suite.record.urls.frontDoor, { model });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Qwen\/Qwen3-32B answered by \d+\.\d+\.\d+\.\d+:\d+: ".+"\n$/);
  });

  it('says that the model is not there', async () => {
    const { code, stderr } = await complete(suite.record.urls.frontDoor, {
      model: 'other',
      timeoutMs: 1_000,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^no completion of other by http\S+ in 1000 ms: \/v1\/completions: 404 .*does not exist here/,
    );
  });
});

describe('the script of helm test, without a suite,', () => {
  let server: HttpServer | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const frontDoor = async (answer: RequestListener) => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it('says that the front door is away', async () => {
    const { code, stderr } = await complete('http://127.0.0.1:1', { timeoutMs: 500 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^no completion by http:\/\/127\.0\.0\.1:1 in 500 ms: .*\S/);
  });

  it('does not wait for one that never answers', async () => {
    const startedMs = performance.now();
    const { code, stderr } = await complete(await frontDoor(() => undefined), { timeoutMs: 1_000 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/in 1000 ms: .*(timeout|abort)/i);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  it.each<[string, RequestListener, RegExp]>([
    [
      'no model is served',
      (_request, response) => response.end('{"data":[]}'),
      /no model is served: no InferencePool has a ready engine/,
    ],
    [
      'an answer has no completion',
      (_request, response) => response.end('{"data":[{"id":"a"}]}'),
      /no choices in/,
    ],
    ['an answer is no JSON', (_request, response) => response.end('<html>'), /JSON/],
    [
      'the front door refuses',
      (_request, response) => response.writeHead(503).end('closed'),
      /\/v1\/models: 503 closed/,
    ],
  ])('says that %s', async (_what, answer, expected) => {
    const { code, stderr } = await complete(await frontDoor(answer), { timeoutMs: 500 });
    expect([code, stderr]).toEqual([1, expect.stringMatching(expected)]);
  });

  it('tries again until the front door is there', async () => {
    let count = 0;
    const url = await frontDoor((_request, response) => {
      count += 1;
      if (count === 1) response.writeHead(503).end('not yet');
      else response.end('{"choices":[{"text":"on"}]}');
    });
    const { code, stdout } = await complete(url, { model: 'a' });
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/503 not yet\na answered by an engine: "on"\n$/),
    ]);
  });
});
