import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { kvoffloadV1 } from '@penstock/contracts';
import { createGrpcClient } from '@penstock/platform';
import {
  hostMemoryFolder,
  isAlive,
  leftoverPodProcesses,
  type ManagedServer,
  S3_SERVER_CREDENTIALS,
  startNats,
  startRedis,
} from '@penstock/testing';
import { waitUntil } from '../src/suite/wait-until.js';
import { listenersOf, ownServices, portsOf, readComposeFile } from './compose/compose-file.js';
import { ComposeRun } from './compose/compose-run.js';
import { AssembledImage } from './image/assembled-image.js';

const MODEL = 'Qwen/Qwen3-32B';
/** Long enough for whole chunks of 32 blocks of 16 tokens. */
const STORY = 'The water turns the wheel, and the wheel turns the stone. '.repeat(150);
/** The key of the small S3 server is part of its program. */
const KNOWN_KEYS: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: S3_SERVER_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_SERVER_CREDENTIALS.secretAccessKey,
};
const file = readComposeFile();
const services = Object.entries(file.services);
const own = ownServices(file);

describe('docker-compose.yml', () => {
  it('pins every image to one version', () => {
    for (const [name, { image }] of services) {
      expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z/]+:\d+\.\d+\.\d+(-[a-z]+)?$/)]);
    }
  });

  it('publishes on loopback only, each port once and as itself', () => {
    const ports = services.flatMap(([, service]) => portsOf(service));
    expect(ports.length).toBeGreaterThan(8);
    for (const { ip, published, port } of ports) expect([ip, published]).toEqual(['127.0.0.1', port]);
    expect(new Set(ports.map(({ published }) => published)).size).toBe(ports.length);
  });

  it('gives every listener in the shared network a port of its own, and publishes those for people', () => {
    const listeners = own.flatMap(([, service]) => listenersOf(service));
    expect(new Set(listeners).size).toBe(listeners.length);
    const { network } = file.services;
    if (!network) throw new Error('there is no service network');
    const published = portsOf(network).map(({ port }) => port);
    expect(published.filter((port) => !listeners.includes(port))).toEqual([]);
    // The S3 server is the services' own.
    expect(listeners.filter((port) => !published.includes(port))).toEqual([9000]);
    for (const [name, { network_mode }] of own) {
      if (name !== 'network') expect([name, network_mode]).toEqual([name, 'service:network']);
    }
  });

  it('refers to services and volumes that it declares', () => {
    for (const [name, { depends_on, volumes }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on ?? {})) {
        const wanted = file.services[other];
        expect([name, other, wanted]).toEqual([name, other, expect.anything()]);
        if (condition === 'service_healthy') expect(wanted).toHaveProperty('healthcheck');
      }
      for (const volume of volumes ?? []) expect(Object.keys(file.volumes)).toContain(volume.split(':')[0]);
    }
  });

  it('restarts what should run for ever, and checks its health', () => {
    for (const [name, { restart, healthcheck }] of services) {
      if (name === 'objects') expect(restart).toBe('on-failure');
      else expect([name, restart]).toEqual([name, 'unless-stopped']);
      if (!['objects', 'network'].includes(name))
        expect([name, healthcheck]).toEqual([name, expect.anything()]);
    }
  });

  it('runs its own containers without rights, and names no secret', () => {
    for (const [name, { read_only, cap_drop, environment = {} }] of own) {
      expect([name, read_only, cap_drop]).toEqual([name, true, ['ALL']]);
      for (const [variable, value] of Object.entries(environment)) {
        if (/SECRET|PASSWORD|TOKEN|_KEY/.test(variable))
          expect([variable, value]).toEqual([variable, KNOWN_KEYS[variable]]);
      }
    }
  });
});

describe('the suite of docker-compose.yml', () => {
  let image: AssembledImage;
  let nats: ManagedServer;
  let redis: ManagedServer;
  let run: ComposeRun;
  beforeAll(async () => {
    image = AssembledImage.create();
    [nats, redis] = await Promise.all([startNats(), startRedis()]);
    run = new ComposeRun(file, image, {
      'nats:4222': `127.0.0.1:${nats.port}`,
      'valkey:6379': `127.0.0.1:${redis.port}`,
    });
  }, 60_000);
  afterAll(async () => {
    await run?.stop();
    const memory = image && hostMemoryFolder(join(image.state, 'cluster'));
    if (memory) rmSync(memory, { recursive: true, force: true });
    await image?.dispose();
    await Promise.all([nats?.stop(), redis?.stop()]);
  }, 60_000);

  it('runs programs of the image, with flags and variables that they know', async () => {
    const programs = [...image.programs(), 'sleep'];
    for (const [name, { command }] of own)
      expect([name, programs]).toEqual([name, expect.arrayContaining([command[0]])]);
    const configured = own.filter(([, { environment }]) => environment);
    expect(configured.length).toBeGreaterThan(3);
    const printed = configured.map(async ([name, service]) => {
      const [program = '', ...args] = run.command(service);
      const { code, output } = await image.run(
        program,
        [...args, '--print-config'],
        run.environment(service),
      );
      expect([name, code, output]).toEqual([name, 0, expect.stringContaining('natsUrl: nats://127.0.0.1:')]);
    });
    await Promise.all(printed);
  }, 60_000);

  it('comes up, routes a completion, keeps its blocks, and stops', async () => {
    await run.start();
    const frontDoor = `http://127.0.0.1:${run.port(8080)}`;
    const complete = () =>
      fetch(`${frontDoor}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, prompt: STORY, max_tokens: 8 }),
      });
    await waitUntil('an engine', async () => (await complete()).status === 200, 120_000);
    const answer = await complete();
    expect(answer.headers.get('x-penstock-endpoint')).toMatch(/^127\.\d+\.\d+\.\d+:8000$/);
    expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 8 } });
    const held = async () => (await tierChunks(run.port(9105))).some((chunks) => chunks > 0);
    await waitUntil('chunks in storage', held, 60_000);
    const engines = leftoverPodProcesses(join(image.state, 'cluster'));
    expect(engines.length).toBeGreaterThan(0);
    const codes = await run.stop();
    expect(codes).toEqual(Object.fromEntries(Object.keys(codes).map((name) => [name, 0])));
    expect(engines.filter(isAlive)).toEqual([]);
  }, 240_000);
});

/** Chunks per tier and node, as kv-offload knows them. */
async function tierChunks(port: number): Promise<number[]> {
  type Methods = { Stats: { request: kvoffloadV1.StatsRequest; response: kvoffloadV1.StatsResponse } };
  const service = { proto: 'kvoffload', service: 'KvOffloadService', address: `127.0.0.1:${port}` };
  const client = createGrpcClient<Methods>(service);
  try {
    const { tiers } = await client.call('Stats', {});
    return tiers.map(({ chunks }) => Number(chunks));
  } finally {
    client.close();
  }
}
