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

const PAGE = readFileSync(join(ROOT, 'docs/how-to/call-the-grpc-api.md'), 'utf8');

/** Command lines of the page that begin with a program, in their order, without line breaks. */
function commands(program: string): string[] {
  const blocks = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => line.startsWith(`${program} `));
}

/** What each grpcurl command of the page must print. */
const EXPECTED = [
  /^penstock\.kvindex\.v1\.KvIndexService$/m,
  /rpc ListEngines \( \.penstock\.kvindex\.v1\.ListEnginesRequest \)/,
  /"model": "Qwen\/Qwen3-32B"/,
  /"requestId": "example-1"/,
  /"recommendation": \{/,
  /"leading": true/,
  /"leader": true/,
  /"status": "SERVING"/,
];

describe('docs/how-to/call-the-grpc-api.md', () => {
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
      .replace('127.0.0.1:9103', urls.autoscalerGrpc)
      .replace('127.0.0.1:9104', urls.gangPlacerGrpc)
      .replace('127.0.0.1:9105', urls.kvOffloadGrpc);
    const [, ...args] = parse(here).map(String);
    return runProgram(program, args);
  }

  it('has the commands that are run here', () => {
    expect(commands('grpcurl')).toHaveLength(EXPECTED.length);
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

  it('names a field that is wrong', async () => {
    const line = commands('grpcurl').find((command) => command.includes('/Recommend')) ?? '';
    const { code, stderr } = await run(grpcurl, line.replace('"laptop"', '"nobody"'));
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/Code: NotFound[\s\S]*nobody/);
  });
});
