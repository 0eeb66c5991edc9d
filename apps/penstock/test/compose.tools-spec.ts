import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildTools, downloadModule } from '@penstock/testing';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { PortChooser } from '../src/suite/ports.js';
import { answers, waitUntil } from '../src/suite/wait-until.js';
import { readComposeFile } from './compose/compose-file.js';

/** The reference implementation of the Compose specification carries its JSON Schema. */
const COMPOSE_GO = {
  path: 'github.com/compose-spec/compose-go/v2',
  version: 'v2.16.2',
  sum: 'h1:pTp1DqQwJzFd85GzlWsSszKA1ABrV/ySqsClujIcWA8=',
};
const file = readComposeFile();

describe('docker-compose.yml', () => {
  let isCompose: ValidateFunction;
  beforeAll(async () => {
    const folder = await downloadModule(COMPOSE_GO);
    const schema = JSON.parse(readFileSync(join(folder, 'schema/compose-spec.json'), 'utf8'));
    isCompose = addFormats.default(new Ajv2020({ strict: false })).compile(schema);
  }, 120_000);

  it('is valid by the JSON Schema of the Compose specification', () => {
    expect([isCompose(file), isCompose.errors]).toEqual([true, null]);
  });

  it.each([
    ['a key with a typo', { comand: ['scheduler'] }],
    ['a value of the wrong type', { read_only: ['yes'] }],
    ['a condition that there is not', { depends_on: { nats: { condition: 'service_ready' } } }],
    ['a health check without a test', { healthcheck: { every: '2s' } }],
  ])('would not be with %s', (_what, change) => {
    const scheduler = { ...file.services['scheduler'], ...change };
    expect(isCompose({ ...file, services: { ...file.services, scheduler } })).toBe(false);
  });

  it('gives NATS flags that nats-server of its line takes, and asks for its health where it answers', async () => {
    const nats = file.services['nats'];
    if (!nats) throw new Error('there is no service nats');
    const { folder } = await buildTools({ names: ['nats-server'] });
    const data = mkdtempSync(join(tmpdir(), 'penstock-compose-nats-'));
    const chooser = new PortChooser();
    const monitoring = await chooser.choose('monitoring', 0);
    await chooser.release();
    const local = (word: string) => word.replace(/^\/data$/, data).replace('8222', String(monitoring));
    const args = [...nats.command.map(local), '--addr', '127.0.0.1', '--port', '-1'];
    const server = spawn(join(folder, 'nats-server'), args, { stdio: 'ignore' });
    try {
      const health = nats.healthcheck?.test.at(-1) ?? '';
      await waitUntil('nats-server', () => answers(local(health)), 20_000);
      const { config } = (await (await fetch(`http://127.0.0.1:${monitoring}/jsz`)).json()) as {
        config: { store_dir: string };
      };
      expect(config.store_dir).toContain(data);
    } finally {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    }
  }, 180_000);
});
