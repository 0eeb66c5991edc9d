import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildTools } from '@penstock/testing';
import { parse } from 'shell-quote';
import { type Suite, startSuite } from '../src/suite/start-suite.js';
import { ROOT } from '../src/suite/workspace.js';
import { runProgram } from './run-program.js';

const page = (name: string) => readFileSync(join(ROOT, 'docs/how-to', name), 'utf8');
const PAGE = page('call-the-grpc-api.md');
const ROUTERS = page('use-kv-index-from-other-routers.md');

/** Command lines of a page that begin with a program, in their order, without line breaks. */
function commands(program: string, text = PAGE): string[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith(`${program} `));
}

/** What each grpcurl command of the page must print. */
const EXPECTED = [
  /^penstock\.kvindex\.v1\.KvIndexService$/m,
  /rpc ListEngines \( \.penstock\.kvindex\.v1\.ListEnginesRequest \)/,
  /"model": "Qwen\/Qwen3-32B"/,
  /"engineId": "penstock\/laptop-0-engine-0",\s+"supported": true/,
  /"endpoints": \[/,
  /"requestId": "a",\s+"response": [\s\S]*"requestId": "b",\s+"error": /,
  /"requestId": "example-1"/,
  /"recommendation": \{/,
  /"leading": true/,
  /"leader": true/,
  /"status": "SERVING"/,
];

/** What each curl command of the page for other routers must print. */
const ROUTERS_EXPECTED = [
  /^\{"default":\{"penstock\/laptop-0-engine-0":\{"longest_matched":0,"GPU":0,"DP":\{"0":0\},"CPU":0,"DISK":0\}\}\}$/,
  /^\{"scores":\{\},"frequencies":\[\],"instances":\{\}\}$/,
  /^\{"status":"registered successfully","instance_id":"vllm-1"\}$/,
  /"InstanceID":"vllm-1"/,
  /^\{"status":"unregistered successfully","removed_instances":\["vllm-1\|blue\|0"\]\}$/,
];

describe('docs/how-to: call-the-grpc-api.md, use-kv-index-from-other-routers.md', () => {
  const home = mkdtempSync(join(tmpdir(), 'penstock-grpcurl-'));
  let suite: Suite;
  let grpcurl: string;
  beforeAll(async () => {
    grpcurl = join((await buildTools({ names: ['grpcurl'] })).folder, 'grpcurl');
    const options = { engines: 1, model: 'Qwen/Qwen3-32B', gpu: 'h100', speed: 10 };
    suite = await startSuite(home, options, () => undefined, undefined, 'any');
    const [curl] = commands('curl');
    const { code, stderr } = await run('curl', curl ?? '');
    if (code !== 0) throw new Error(`${curl}: ${stderr}`);
  }, 600_000);
  afterAll(async () => {
    await suite?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  /** Runs a command line of the page, with the addresses of this suite. */
  function run(program: string, line: string) {
    const { urls } = suite.record;
    const here = line
      .replace('http://127.0.0.1:8080', urls.frontDoor)
      .replace('127.0.0.1:9101', urls.schedulerGrpc)
      .replace('127.0.0.1:9102', urls.kvIndexGrpc)
      .replace('http://127.0.0.1:9112', urls.kvIndexHttp)
      .replace('127.0.0.1:9103', urls.autoscalerGrpc)
      .replace('127.0.0.1:9104', urls.gangPlacerGrpc)
      .replace('127.0.0.1:9105', urls.kvOffloadGrpc);
    const [, ...args] = parse(here).map(String);
    return runProgram(program, args);
  }

  it('has the commands that are run here', () => {
    expect(commands('grpcurl')).toHaveLength(EXPECTED.length);
    expect(commands('curl', ROUTERS)).toHaveLength(ROUTERS_EXPECTED.length);
  });

  it.each(commands('grpcurl').map((line, i) => [line, EXPECTED[i] ?? /^never/] as const))(
    '%s',
    async (line, expected) => {
      let { code, stdout, stderr } = await run(grpcurl, line);
      // The health service hears of readiness every five seconds.
      for (let i = 0; i < 20 && stdout.includes('NOT_SERVING'); i++) {
        await sleep(500);
        ({ code, stdout, stderr } = await run(grpcurl, line));
      }
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(expected);
    },
    60_000,
  );

  it.each(commands('curl', ROUTERS).map((line, i) => [line, ROUTERS_EXPECTED[i] ?? /^never/] as const))(
    '%s',
    async (line, expected) => {
      const { code, stdout } = await run('curl', line);
      expect(code).toBe(0);
      expect(stdout).toMatch(expected);
    },
    60_000,
  );

  it('names a field that is wrong', async () => {
    const line = commands('grpcurl').find((command) => command.includes('/Recommend')) ?? '';
    const { code, stderr } = await run(grpcurl, line.replace('"laptop"', '"nobody"'));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/Code: NotFound[\s\S]*nobody/);
  });
});
