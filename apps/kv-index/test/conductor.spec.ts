import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { ServedIndex } from './served-index.js';
import { SimulatedEngine, tokensOf } from './simulated-engine.js';

const query = (prompt: string, more: object = {}) => ({
  model: 'm',
  token_ids: tokensOf(prompt),
  block_size: 2,
  ...more,
});
const registration = (more: object = {}) => ({
  endpoint: 'tcp://10.0.0.9:7001',
  replay_endpoint: 'tcp://10.0.0.9:7002',
  type: 'vLLM',
  modelname: 'm',
  tenant_id: 'blue',
  instance_id: 'vllm-1',
  block_size: 2,
  dp_rank: 0,
  ...more,
});
const hit = (tokens: number) => ({
  longest_matched: tokens,
  GPU: tokens,
  DP: { 0: tokens },
  CPU: 0,
  DISK: 0,
});

describe('the HTTP API of Conductor and Dynamo', () => {
  const served = new ServedIndex();
  beforeAll(async () => {
    await served.start();
    (await served.world.addEngine('a', '10.0.0.1')).store('123');
    (await served.world.addEngine('b', '10.0.0.2')).store('1');
    await served.followed(2);
  }, 30_000);
  afterAll(async () => {
    await served.stop();
  });

  it('answers /query in tokens, as Conductor does', async () => {
    expect(await served.send('/query', query('1239'))).toEqual({
      status: 200,
      body: { default: { 'ns/a': hit(6), 'ns/b': hit(2) } },
    });
    expect((await served.send('/query', query('12', { instance_id: 'ns/a' }))).body).toEqual({
      default: { 'ns/a': hit(4) },
    });
    const none = { body: {}, status: 200 };
    expect(await served.send('/query', query('12', { tenant_id: 'nobody' }))).toEqual(none);
    expect(await served.send('/query', query('12', { model: 'other' }))).toEqual(none);
    const salted = await served.send('/query', query('12', { cache_salt: 's', instance_id: 'ns/a' }));
    expect(salted.body).toEqual({ default: { 'ns/a': hit(0) } });
    const sizes = await served.send('/query', query('12', { block_size: 16, instance_id: 'ns/a' }));
    expect(sizes.body).toEqual({ default: { 'ns/a': hit(0) } });
  });

  it('answers a body with model_name as Dynamo does', async () => {
    const answer = await served.send('/query', { model_name: 'm', token_ids: tokensOf('125') });
    const found = (tokens: number) => ({
      longest_matched: tokens,
      gpu: tokens,
      dp: { 0: tokens },
      cpu: tokens,
      disk: tokens,
    });
    expect(answer).toEqual({
      status: 200,
      body: {
        scores: { 'ns/a': { 0: 4 }, 'ns/b': { 0: 2 } },
        frequencies: [],
        instances: { 'ns/a': found(4), 'ns/b': found(2) },
      },
    });
    expect(await served.send('/query', { model_name: 'other', token_ids: [] })).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('no instance of "other"'), reason: 'not-found' },
    });
  });

  it("answers /query_by_hash by the engines' own hashes, exactly", async () => {
    const hashes = ['1', '12', '129'].map((prompt) => Number(BigInt(`0x1${prompt}`)));
    const body = { model: 'm', seq_hashes: hashes, block_size: 2 };
    expect(await served.send('/query_by_hash', body)).toEqual({
      status: 200,
      body: { default: { 'ns/a': hit(4), 'ns/b': hit(2) } },
    });
    const text = '{"model":"m","block_hash":["0x11","274"],"instance_id":"ns/a"}';
    expect((await served.send('/query_by_hash', text)).body).toEqual({ default: { 'ns/a': hit(4) } });
    // 2^64 - 1 and its neighbour are one number as doubles.
    const engine = await served.world.addEngine('big', '10.0.0.3');
    engine.storeHash(0xffff_ffff_ffff_fffen, [1, 2]);
    await served.followed(3);
    const ask = async (hash: string) =>
      (await served.send('/query_by_hash', `{"model":"m","seq_hashes":[${hash}],"instance_id":"ns/big"}`))
        .body;
    expect(await ask('18446744073709551614')).toEqual({ default: { 'ns/big': hit(2) } });
    expect(await ask('-2')).toEqual({ default: { 'ns/big': hit(2) } });
    expect(await ask('18446744073709551615')).toEqual({ default: { 'ns/big': hit(0) } });
    await served.world.removeEngine('big');
  });

  it('follows an instance from /register to /unregister, and shows it to its tenant only', async () => {
    const engine = new SimulatedEngine();
    served.world.engines.byIp.set('10.0.0.9', engine);
    engine.store('12');
    expect(await served.send('/register', registration())).toEqual({
      status: 200,
      body: { status: 'registered successfully', instance_id: 'vllm-1' },
    });
    const matches = async (tenant: string) =>
      JSON.stringify((await served.send('/query', query('123', { tenant_id: tenant }))).body);
    await until(async () => (await matches('blue')) === JSON.stringify({ blue: { 'vllm-1': hit(4) } }));
    expect(await matches('default')).not.toContain('vllm-1');
    expect(served.world.engines.opened).toContainEqual(
      expect.objectContaining({ ip: '10.0.0.9', eventsPort: 7001, replayPort: 7002 }),
    );
    expect((await served.send('/register', registration())).status).toBe(200);
    expect(await served.send('/register', registration({ block_size: 4 }))).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('registered otherwise'), field: 'instance_id' },
    });
    expect((await served.send('/services')).body).toMatchObject({
      count: 1,
      services: [{ InstanceID: 'vllm-1', TenantID: 'blue', DPRank: 0, Endpoint: 'tcp://10.0.0.9:7001' }],
    });
    const removal = { instance_id: 'vllm-1', tenant_id: 'blue', dp_rank: 0 };
    expect(await served.send('/unregister', removal)).toEqual({
      status: 200,
      body: { status: 'unregistered successfully', removed_instances: ['vllm-1|blue|0'] },
    });
    expect((await served.send('/unregister', removal)).status).toBe(404);
    await until(async () => (await matches('blue')) === '{}');
  });

  it('registers the ranks of an instance as Dynamo does', async () => {
    for (const [rank, prompt] of [
      [0, '1'],
      [1, '12'],
    ] as const) {
      const engine = new SimulatedEngine();
      served.world.engines.byIp.set(`10.0.1.${rank}`, engine);
      engine.store(prompt);
      const body = {
        instance_id: 77,
        endpoint: `tcp://10.0.1.${rank}:7001`,
        model_name: 'm',
        block_size: 2,
        dp_rank: rank,
        tenant_id: 'green',
      };
      expect(await served.send('/register', body)).toEqual({ status: 201, body: { status: 'ok' } });
    }
    const asked = { model_name: 'm', token_ids: tokensOf('123'), routing_group: 'green' };
    const scores = async () => ((await served.send('/query', asked)).body as { scores: object }).scores;
    await until(async () => JSON.stringify(await scores()) === JSON.stringify({ 77: { 0: 2, 1: 4 } }));
    expect((await served.send('/workers')).body).toEqual([
      { instance_id: 77, endpoints: { 0: 'tcp://10.0.1.0:7001', 1: 'tcp://10.0.1.1:7001' } },
    ]);
    const removed = await served.send('/unregister', { instance_id: 77, model_name: 'm' });
    expect(removed).toEqual({ status: 200, body: { status: 'ok' } });
    expect((await served.send('/workers')).body).toEqual([]);
  });

  it.each<[string, string, unknown, number, string]>([
    ['a body that is no JSON', '/query', '{"model"', 400, 'no JSON'],
    ['a body that is no object', '/query', '[1]', 400, 'no JSON object'],
    ['no model', '/query', { token_ids: [1], block_size: 2 }, 400, 'model: is required'],
    ['no tokens', '/query', { model: 'm', block_size: 2 }, 400, 'token_ids'],
    ['half a token', '/query', { model: 'm', token_ids: [1.5], block_size: 2 }, 400, 'whole numbers'],
    ['a negative token', '/query', { model: 'm', token_ids: [-1], block_size: 2 }, 400, 'whole numbers'],
    ['a block size of 0', '/query', { model: 'm', token_ids: [1], block_size: 0 }, 400, 'block_size'],
    ['no hashes', '/query_by_hash', { model: 'm' }, 400, 'seq_hashes'],
    ['a hash that is none', '/query_by_hash', { model: 'm', seq_hashes: ['x'] }, 400, 'no 64-bit hash'],
    [
      'a hash that is too large',
      '/query_by_hash',
      '{"model":"m","seq_hashes":[18446744073709551616]}',
      400,
      'no 64-bit',
    ],
    ["Dynamo's hashes", '/query_by_hash', { model_name: 'm', block_hashes: [1] }, 501, 'seq_hashes'],
    ['no endpoint', '/register', registration({ endpoint: undefined }), 400, 'endpoint'],
    [
      'an endpoint to bind to',
      '/register',
      registration({ endpoint: 'tcp://*:5557' }),
      400,
      'tcp://<host>:<port>',
    ],
    ['a host that is none', '/register', registration({ endpoint: 'tcp://-x:5557' }), 400, 'endpoint'],
    ['half a character', '/register', registration({ tenant_id: '\ud800' }), 400, 'tenant_id: is no Unicode'],
    [
      'names that no event can hold',
      '/register',
      registration({ tenant_id: 'ü'.repeat(100) }),
      400,
      'more than 512',
    ],
    [
      'a replay elsewhere',
      '/register',
      registration({ replay_endpoint: 'tcp://10.9.9.9:1' }),
      400,
      'same|host',
    ],
    ['another publisher', '/register', registration({ type: 'other' }), 400, 'vLLM, SGLang or Mooncake'],
    ['nobody to unregister', '/unregister', { instance_id: 'x' }, 404, '/services'],
    ['an unknown path', '/nothing', {}, 404, 'there is no such path'],
  ])('refuses %s, and says what is wrong', async (_what, path, body, code, says) => {
    const answer = await served.send(path, body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([
      code,
      expect.stringMatching(new RegExp(says.replace(/[/*<>]/g, '.'))),
    ]);
  });

  it('refuses other methods, other content and bodies without end', async () => {
    expect(await served.send('/query')).toMatchObject({ status: 405 });
    expect(await served.send('/services', {}, 'POST')).toMatchObject({ status: 405 });
    const huge = `{"model":"m","token_ids":[${'1,'.repeat(5_000_000)}1]}`;
    expect(await served.send('/query', huge)).toMatchObject({ status: 413, body: { reason: 'too_large' } });
    expect((await served.send('/health')).status).toBe(200);
  });
});
