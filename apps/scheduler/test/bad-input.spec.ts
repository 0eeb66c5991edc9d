import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { schedulerV1 } from '@penstock/contracts';
import { createGrpcClient, type GrpcClient } from '@penstock/platform';
import { type Harness, startHarness } from './scheduler-harness.js';

const CANARY = 'canary-9b1f';
const base = { model: 'base', prompt: [1, 2, 3] };
type Methods = {
  Pick: { request: Partial<schedulerV1.PickRequest>; response: schedulerV1.PickResponse };
  Explain: { request: Partial<schedulerV1.ExplainRequest>; response: schedulerV1.ExplainResponse };
};

describe('bad input', () => {
  let h: Harness;
  let grpc: GrpcClient<Methods>;
  beforeAll(async () => {
    h = await startHarness({ argv: ['--max-body-bytes=200000'] });
    const address = `127.0.0.1:${h.service.listeners.grpc}`;
    grpc = createGrpcClient<Methods>({
      proto: 'scheduler',
      service: 'SchedulerService',
      address,
      maxMessageBytes: 64 * 1024 * 1024,
    });
  });
  afterAll(async () => {
    grpc.close();
    await h.stop();
  });

  /** Sends bytes as they are and returns everything that came back. */
  const raw = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(h.service.listeners.http ?? 0, '127.0.0.1', () => socket.write(text));
      socket.setTimeout(3000, () => socket.destroy(new Error('no answer')));
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });

  const bytes = (...parts: Array<string | number[]>) =>
    Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : Buffer.from(p))));

  it.each<[string, string | Buffer | object, number, string, string | null]>([
    ['an empty body', '', 400, 'invalid_json', null],
    ['a truncated body', `{"model":"base","prompt":"${CANARY}`, 400, 'invalid_json', null],
    ['a byte-order mark', bytes([0xef, 0xbb, 0xbf], JSON.stringify(base)), 400, 'invalid_json', null],
    ['invalid UTF-8', bytes('{"model":"base","prompt":"', [0xff, 0xfe], '"}'), 400, 'invalid_json', null],
    ['an array', '[1]', 400, 'invalid_json', null],
    ['null', 'null', 400, 'invalid_json', null],
    ['a duplicate key', '{"model":"base","prompt":[1],"model":"other"}', 400, 'invalid_json', 'model'],
    [
      'a duplicate key in disguise',
      '{"model":"base","prompt":[1],"mod\\u0065l":"other"}',
      400,
      'invalid_json',
      'model',
    ],
    [
      'nesting',
      `{"model":"base","prompt":[1],"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      400,
      'invalid_json',
      null,
    ],
    ['no model', { prompt: [1] }, 400, 'invalid_value', 'model'],
    ['a model that is an array', { model: ['base'], prompt: [1] }, 400, 'invalid_value', 'model'],
    ['an empty model', { model: '', prompt: [1] }, 400, 'invalid_value', 'model'],
    ['an unknown model', { model: `no-${CANARY}`, prompt: [1] }, 404, 'model_not_found', 'model'],
    ['a lone surrogate as model', '{"model":"\\ud800","prompt":[1]}', 404, 'model_not_found', 'model'],
    ['n = 1e9', { ...base, n: 1e9 }, 400, 'invalid_value', 'n'],
    ['n = -1', { ...base, n: -1 }, 400, 'invalid_value', 'n'],
    ['n = 1.5', { ...base, n: 1.5 }, 400, 'invalid_value', 'n'],
    ['NaN', '{"model":"base","prompt":[1],"n":NaN}', 400, 'invalid_json', null],
    ['max_tokens = 0', { ...base, max_tokens: 0 }, 400, 'invalid_value', 'max_tokens'],
    ['stream = "yes"', { ...base, stream: 'yes' }, 400, 'invalid_value', 'stream'],
    ['no prompt', { model: 'base' }, 400, 'invalid_value', 'prompt'],
    ['an empty prompt array', { model: 'base', prompt: [] }, 400, 'invalid_value', 'prompt'],
    ['a negative token', { model: 'base', prompt: [1, -2] }, 400, 'invalid_value', 'prompt'],
    ['a fractional token', { model: 'base', prompt: [1, 2.5] }, 400, 'invalid_value', 'prompt'],
    ['text among tokens', { model: 'base', prompt: [1, CANARY] }, 400, 'invalid_value', 'prompt'],
    ['a hostile cache salt', { ...base, cache_salt: 'a\u0000b' }, 400, 'invalid_value', 'cache_salt'],
    ['a body over the limit', { model: 'base', prompt: 'x'.repeat(200_001) }, 413, 'request_too_large', null],
  ])('refuses %s', async (_name, body, code, error, param) => {
    const response = await h.post('/v1/completions', body, { 'x-request-id': 'bad-1' });
    const text = await response.text();
    expect(response.status).toBe(code);
    expect(response.headers.get('x-request-id')).toBe('bad-1');
    expect(JSON.parse(text)).toEqual({
      error: { message: expect.any(String), type: expect.any(String), param, code: error },
    });
    expect(text).not.toContain(CANARY);
  });

  it.each([
    ['no messages', { model: 'base' }],
    ['empty messages', { model: 'base', messages: [] }],
    ['messages of a wrong kind', { model: 'base', messages: CANARY }],
    ['a message without a role', { model: 'base', messages: [{ content: CANARY }] }],
    ['content that is a number', { model: 'base', messages: [{ role: 'user', content: 5 }] }],
  ])('refuses a chat with %s', async (_name, body) => {
    const response = await h.post('/v1/chat/completions', body);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(JSON.parse(text).error.param).toMatch(/^messages/);
    expect(text).not.toContain(CANARY);
  });

  it('accepts __proto__ as the plain field it is, and large bodies under the limit', async () => {
    for (const body of [
      '{"model":"base","prompt":[1],"__proto__":{"polluted":true}}',
      JSON.stringify({ model: 'base', prompt: 'y'.repeat(150_000) }),
    ]) {
      const response = await h.post('/v1/completions', body);
      expect(response.status).toBe(200);
      await response.text();
      const lengths = h.engines.flatMap((e) => e.seen).map((seen) => seen.body.toString().length);
      expect(lengths).toContain(body.length);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('accepts a chat that the tokenizer’s template cannot render: the engine has the last word', async () => {
    const messages = [{ role: 'tool', content: null }];
    const response = await h.post('/v1/chat/completions', { model: 'base', messages });
    expect(response.status).toBe(200);
    await response.text();
  });

  it.each([
    ['text/plain', {}, 415],
    ['application/x-www-form-urlencoded', {}, 415],
    ['application/json', { 'content-encoding': 'gzip' }, 415],
  ])('refuses content type %s with %j', async (type, headers, code) => {
    const response = await h.post('/v1/completions', gzipSync(JSON.stringify(base)), {
      'content-type': type,
      ...headers,
    });
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_media_type' } });
  });

  it.each([
    ['GET', '/v1/completions', 404],
    ['POST', '/invocations', 404],
    ['POST', '/pause', 404],
    ['GET', '/metrics', 404],
    ['POST', '/v1/../metrics', 404],
  ])('has no %s %s', async (method, path, code) => {
    const response = await fetch(`${h.url}${path}`, { method });
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('refuses Content-Length together with Transfer-Encoding', async () => {
    const answer = await raw(
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"invalid_value"');
  });

  it('takes a chunked body without a length', async () => {
    const body = JSON.stringify(base);
    const answer = await raw(
      `POST /v1/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['a 64 KiB header', `x-big: ${'a'.repeat(65_536)}`, 431],
    ['a header with a control character', 'x-bad: a\u0001b', 400],
    ['a line break in a header name', 'x bad: a', 400],
  ])('refuses %s', async (_name, header, code) => {
    const answer = await raw(`POST /v1/completions HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
    expect(answer).toContain('"error"');
  });

  it.each(['', 'a b', 'x'.repeat(200), 'ü', '<script>'])('does not echo the request id %j', async (id) => {
    const answer = await raw(
      `GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-request-id: ${id}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    if (id !== '') expect(answer).not.toContain(id);
  });

  it('bounds the model label of its metrics', async () => {
    for (let i = 0; i < 30; i++)
      await (await h.post('/v1/completions', { model: `random-${i}`, prompt: [1] })).text();
    expect(await h.metrics()).not.toContain('random-1');
  });

  describe('gRPC', () => {
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => status.OK,
        (e: { code: status }) => e.code,
      );

    it('refuses what is wrong with the right code', async () => {
      expect(await codeOf(grpc.call('Pick', {}))).toBe(status.INVALID_ARGUMENT);
      expect(await codeOf(grpc.call('Pick', { model: 'x'.repeat(513) }))).toBe(status.INVALID_ARGUMENT);
      expect(await codeOf(grpc.call('Pick', { model: 'base', holdMs: 4_000_000_000 }))).toBe(
        status.INVALID_ARGUMENT,
      );
      expect(await codeOf(grpc.call('Pick', { model: 'base', requestId: 'a b' }))).toBe(
        status.INVALID_ARGUMENT,
      );
      expect(await codeOf(grpc.call('Pick', { model: 'nobody' }))).toBe(status.NOT_FOUND);
      expect(await codeOf(grpc.call('Explain', {}))).toBe(status.INVALID_ARGUMENT);
      expect(await codeOf(grpc.call('Explain', { requestId: 'never-seen' }))).toBe(status.NOT_FOUND);
      expect(await codeOf(grpc.call('Explain', { requestId: 'r' }, { deadlineMs: 0 }))).toBe(
        status.DEADLINE_EXCEEDED,
      );
    });

    it('refuses a message over the limit', async () => {
      const tooBig = { model: 'base', prompt: 'x'.repeat(17 * 1024 * 1024) };
      expect(await codeOf(grpc.call('Pick', tooBig))).toBe(status.RESOURCE_EXHAUSTED);
    });

    it('says which field is wrong', async () => {
      const error = await grpc.call('Pick', {}).catch((e: { details: string }) => e.details);
      expect(error).toContain('model');
    });
  });
});
