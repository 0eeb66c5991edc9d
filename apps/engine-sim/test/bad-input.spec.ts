import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAX_BODY_BYTES } from '../src/api/read-json.js';
import { type Answer, send, startTestEngine, type TestEngine } from './engine.js';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine('--sim-speed', '200', '--max-model-len', '512');
});
afterAll(async () => {
  await engine.stop(0);
  // No bad input may end as an internal error.
  expect(engine.errors).toEqual([]);
});

const CANARY = 'canary-prompt-text';
const completions = (body: unknown, headers?: Record<string, string>) =>
  send(`${engine.url}/v1/completions`, body, headers);
const chat = (body: unknown) => send(`${engine.url}/v1/chat/completions`, body);

function expectError(answer: Answer, status: number, param?: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['x-request-id']).toMatch(/^[\w-]+$/);
  const { error } = JSON.parse(answer.text) as { error: object };
  expect(error).toEqual({
    message: expect.stringMatching(/./),
    type: expect.stringMatching(/Error$/),
    param: param ?? (error as { param: unknown }).param,
    code: status,
  });
  expect(answer.text).not.toContain(CANARY);
}

describe('bodies', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['truncated', Buffer.from(`{"prompt": "${CANARY}`)],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['no object', Buffer.from('[1,2]')],
    ['null', Buffer.from('null')],
    ['NaN', Buffer.from('{"prompt":"x","max_tokens":NaN}')],
  ])('%s: 400', async (_, body) => expectError(await completions(body), 400));

  it.each([
    ['__proto__', '{"prompt":"x","max_tokens":1,"__proto__":{"stream":true}}'],
    ['a byte order mark', '\ufeff{"prompt":"x","max_tokens":1}'],
    ['duplicate keys, of which the last counts', '{"prompt":7,"prompt":"x","max_tokens":1}'],
    ['lone surrogates', '{"prompt":"\\ud800 x \\udc00","max_tokens":1}'],
    [
      '10,000 levels in a field nobody reads',
      `{"prompt":"x","max_tokens":1,"z":${'['.repeat(1e4)}${']'.repeat(1e4)}}`,
    ],
  ])('%s: answered', async (_, body) => {
    expect((await completions(body)).status).toBe(200);
  });

  it('10,000 levels as the prompt: 400', async () => {
    expectError(await completions(`{"prompt":${'['.repeat(1e4)}${']'.repeat(1e4)}}`), 400, 'prompt');
  });

  it.each([128 * 1024, 10 * 1024 * 1024])(
    '%d bytes of text are found too long without encoding them: 400',
    async (bytes) => {
      expectError(await completions({ prompt: 'ab '.repeat(bytes / 3) }), 400, 'prompt');
    },
  );

  it('over the limit: 413, announced or not', async () => {
    const huge = Buffer.alloc(MAX_BODY_BYTES + 1, 0x20);
    expectError(await completions(huge), 413);
    expectError(await completions(huge, { 'transfer-encoding': 'chunked' }), 413);
  });

  it('chunked without a length is read', async () => {
    const answer = await completions({ prompt: 'x', max_tokens: 1 }, { 'transfer-encoding': 'chunked' });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['no type', { 'content-type': '' }],
  ])('%s: 415', async (_, headers) => {
    expectError(await completions({ prompt: CANARY }, headers), 415);
  });

  it('a gzip bomb is not unpacked: 415', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expectError(await completions(bomb, { 'content-encoding': 'gzip' }), 415);
  });
});

describe('fields', () => {
  it.each<[string, unknown, number]>([
    ['model', 'nobody/knows', 404],
    ['model', ['Qwen/Qwen3-32B'], 400],
    ['n', 1e9, 400],
    ['n', -1, 400],
    ['n', 1.5, 400],
    ['n', 2, 400],
    ['best_of', 3, 400],
    ['max_tokens', 0, 400],
    ['max_tokens', -5, 400],
    ['max_tokens', 1.5, 400],
    ['max_tokens', '16', 400],
    ['max_tokens', 1e300, 400],
    ['max_tokens', 512, 400],
    ['min_tokens', 17, 400],
    ['temperature', -1, 400],
    ['stream', 'yes', 400],
    ['stream_options', { include_usage: true }, 400],
    ['stop', [7], 400],
    ['logprobs', 5, 400],
    ['echo', true, 400],
    ['prompt', undefined, 400],
    ['prompt', null, 400],
    ['prompt', '', 400],
    ['prompt', [], 400],
    ['prompt', { text: CANARY }, 400],
    ['prompt', [1, -1], 400],
    ['prompt', [1, 1.5], 400],
    ['prompt', [1, 2 ** 31], 400],
    ['prompt', [1, CANARY], 400],
    ['prompt', [CANARY, 'two'], 400],
    ['prompt', [[1], [2]], 400],
  ])('%s = %j: %d', async (field, value, status) => {
    const param = field === 'prompt' || status === 404 ? field : undefined;
    expectError(await completions({ prompt: CANARY, [field]: value }), status, param);
  });

  it.each<[string, unknown]>([
    ['absent', undefined],
    ['empty', []],
    ['a text', CANARY],
    ['without role', [{ content: CANARY }]],
    ['with an unknown role', [{ role: 'wizard', content: CANARY }]],
    ['with a picture', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: CANARY } }] }]],
    ['with a number as content', [{ role: 'user', content: 7 }]],
  ])('messages %s: 400', async (_, messages) => expectError(await chat({ messages }), 400));

  it('a context that is too long: 400 with the numbers', async () => {
    const answer = await completions({ prompt: Array(500).fill(7), max_tokens: 13 });
    expectError(answer, 400, 'max_tokens');
    for (const number of ['512', '513', '500', '13']) expect(answer.text).toContain(number);
  });
});

describe('HTTP', () => {
  it('unknown path: 404; wrong method: 405 with Allow', async () => {
    expectError(await send(`${engine.url}/v1/nothing`), 404);
    expectError(await send(`${engine.url}/__proto__`), 404);
    const answer = await send(`${engine.url}/v1/completions`);
    expectError(answer, 405);
    expect(answer.headers['allow']).toBe('POST');
  });

  it('a request id that is none is replaced', async () => {
    const { headers } = await send(`${engine.url}/health`, undefined, { 'x-request-id': 'a b"c' });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  const raw = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(engine.url);
      let answer = '';
      const socket = connect(Number(port), hostname, () => socket.end(text));
      socket.on('data', (chunk) => (answer += String(chunk)));
      socket.on('close', () => resolve(answer));
      socket.on('error', () => resolve(answer));
    });

  it('a client that leaves in the middle of its body is no error of ours', async () => {
    const { hostname, port } = new URL(engine.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"prompt',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(engine.errors).toEqual([]);
  });

  it('length and chunks together: 400, as JSON', async () => {
    const answer = await raw(
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":400');
  });

  it('a header of 64 KiB: 431, as JSON', async () => {
    const answer = await raw(`GET /health HTTP/1.1\r\nhost: x\r\nx-big: ${'a'.repeat(65_536)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":431');
  });
});
