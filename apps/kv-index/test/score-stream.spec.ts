import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { kvindexV1 } from '@penstock/contracts';
import { namespaceRoot, promptBlocks } from '@penstock/core/kv';
import { until } from '@penstock/testing';
import { type Duplex, ServedIndex } from './served-index.js';
import { tokensOf } from './simulated-engine.js';

type Answer = kvindexV1.ScoreEndpointsStreamResponse;
const namespace = { model: 'm' };
const bytesOf = (words: BigUint64Array | Uint32Array = new Uint32Array()) => Buffer.from(words.buffer);
const ask = (requestId: string, prompt: string) => ({
  requestId,
  request: { prompt: { namespace, tokenIds: tokensOf(prompt) } },
});

describe('ScoreEndpointsStream', () => {
  const served = new ServedIndex();
  beforeAll(async () => {
    await served.start();
    const engine = await served.world.addEngine('a', '10.0.0.1');
    engine.store('123');
    await served.followed(1);
  }, 30_000);
  afterAll(async () => {
    await served.stop();
  });

  function open(): { stream: Duplex; answers: Answer[] } {
    const stream = served.openScoreStream();
    const answers: Answer[] = [];
    stream.on('data', (answer: Answer) => void answers.push(answer));
    stream.on('error', () => undefined);
    return { stream, answers };
  }

  it('answers many requests in their order, each with its id', async () => {
    const { stream, answers } = open();
    const prompts = Array.from({ length: 300 }, (_, i) => ['1', '12', '123', '4'][i % 4] as string);
    for (const [i, prompt] of prompts.entries()) stream.write(ask(`r${i}`, prompt));
    await until(() => answers.length === prompts.length, 20_000);
    expect(answers.map((a) => a.requestId)).toEqual(prompts.map((_, i) => `r${i}`));
    const expected: Record<string, number> = { '1': 2, '12': 4, '123': 6, '4': 0 };
    expect(answers.map((a) => a.response?.endpoints[0]?.matchedTokens)).toEqual(
      prompts.map((prompt) => expected[prompt]),
    );
    stream.end();
  });

  it('refuses a bad request in the stream, and goes on', async () => {
    const { stream, answers } = open();
    stream.write({ requestId: 'none' });
    stream.write({ requestId: 'no model', request: { prompt: { tokenIds: [1] } } });
    stream.write({
      requestId: 'checks',
      request: { prompt: { blockKeys: Buffer.alloc(8), blockChecks: Buffer.alloc(8) } },
    });
    stream.write({
      requestId: 'items',
      request: { prompt: { blockKeys: Buffer.alloc(8), items: [{ identifier: 'i', length: 1 }] } },
    });
    stream.write(ask('good', '12'));
    await until(() => answers.length === 5, 20_000);
    expect(answers.map((a) => [a.requestId, a.error?.code])).toEqual([
      ['none', status.INVALID_ARGUMENT],
      ['no model', status.INVALID_ARGUMENT],
      ['checks', status.INVALID_ARGUMENT],
      ['items', status.INVALID_ARGUMENT],
      ['good', undefined],
    ]);
    expect(answers[1]?.error?.message).toContain('namespace.model');
    expect(answers[2]?.error?.message).toContain('4 bytes for each of block_keys');
    expect(answers[3]?.error?.message).toContain('token_ids');
    expect(answers[4]?.response?.endpoints[0]?.matchedTokens).toBe(4);
    stream.end();
  });

  it('does not read from a caller that does not read', async () => {
    const { stream, answers } = open();
    stream.pause();
    const tokenIds = Array.from({ length: 20_000 }, (_, i) => i);
    const request = { prompt: { namespace, tokenIds } };
    let written = 0;
    // Each is 60 KB: what is neither sent nor read has to wait on this side.
    const isFull = async () => {
      for (let i = 0; i < 50 && !stream.writableNeedDrain; i++)
        stream.write({ requestId: `${written++}`, request });
      await new Promise((resolve) => setTimeout(resolve, 50));
      return stream.writableNeedDrain;
    };
    while (!(await isFull()) && written < 5_000);
    expect(written).toBeLessThan(5_000);
    stream.resume();
    await until(() => answers.length === written, 30_000);
    stream.end();
  }, 60_000);

  it('takes keys with check bits, and holds two blocks of one key apart', async () => {
    const { keys, checks } = promptBlocks(namespaceRoot({ model: 'm', blockSize: 2 }), tokensOf('123'), 2);
    const { stream, answers } = open();
    const others = checks?.map((check) => check ^ 1);
    for (const given of [checks, others, undefined]) {
      const prompt = { blockKeys: bytesOf(keys), blockChecks: bytesOf(given) };
      stream.write({ request: { prompt } });
    }
    await until(() => answers.length === 3, 20_000);
    expect(answers.map((a) => a.response?.endpoints[0]?.matchedTokens)).toEqual([6, 0, 6]);
    stream.end();
  });

  it('survives callers that go away', async () => {
    const { stream, answers } = open();
    stream.write(ask('one', '1'));
    await until(() => answers.length === 1, 20_000);
    stream.cancel();
    const next = open();
    next.stream.write(ask('two', '12'));
    await until(() => next.answers.length === 1, 20_000);
    next.stream.end();
  });
});
