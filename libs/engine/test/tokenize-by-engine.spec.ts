import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tokenizeByEngine } from '../src/engine-http/index.js';

let server: Server;
let address: string;
let seen: Array<{ path: string; body: unknown }>;
let answer: { status?: number; body: string };
beforeEach(async () => {
  seen = [];
  answer = { body: '{}' };
  server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    seen.push({ path: request.url ?? '', body: JSON.parse(Buffer.concat(parts).toString()) });
    response.writeHead(answer.status ?? 200).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

const text = { kind: 'text', text: 'Hello' } as const;
const chat = {
  kind: 'chat',
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [{ type: 'function' }],
  variables: { thinking: true },
  addGenerationPrompt: true,
} as const;

describe('tokenizeByEngine', () => {
  it.each([
    [text, 'tokenize', '/tokenize', { prompt: 'Hello' }, { count: 2, max_model_len: 9, tokens: [1, 2] }],
    [
      chat,
      'tokenize',
      '/tokenize',
      {
        messages: chat.messages,
        tools: chat.tools,
        chat_template_kwargs: { thinking: true },
        add_generation_prompt: true,
      },
      { tokens: [1, 2] },
    ],
    [text, 'render', '/v1/completions/render', { prompt: 'Hello' }, [{ request_id: 'x', token_ids: [1, 2] }]],
    [
      { ...chat, tools: undefined, variables: undefined },
      'render',
      '/v1/chat/completions/render',
      { messages: chat.messages, add_generation_prompt: true },
      { token_ids: [1, 2] },
    ],
  ] as const)('asks for %j by %s', async (prompt, api, path, body, answered) => {
    answer = { body: JSON.stringify(answered) };
    expect(await tokenizeByEngine(address, 'm', prompt, api)).toEqual(Uint32Array.of(1, 2));
    expect(seen).toEqual([{ path, body: { model: 'm', ...body } }]);
  });

  it.each([
    [
      { status: 404, body: '' },
      { reason: 'status', status: 404 },
    ],
    [{ body: '<html>' }, { reason: 'malformed' }],
    [{ body: '{"tokens": [1, -2]}' }, { reason: 'malformed' }],
    [{ body: '{"tokens": "1 2"}' }, { reason: 'malformed' }],
    [{ body: '{"tokens": [4294967296]}' }, { reason: 'malformed' }],
    [{ body: '[]' }, { reason: 'malformed' }],
  ])('%j is refused', async (given, expected) => {
    answer = given;
    const failure = await tokenizeByEngine(address, 'm', text, 'tokenize').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'EngineHttpError', ...expected });
    expect((failure as Error).message).toContain(address);
  });
});
