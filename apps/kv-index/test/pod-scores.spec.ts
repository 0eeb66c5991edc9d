import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServedIndex } from './served-index.js';
import { tokensOf } from './simulated-engine.js';

describe('indexer.v1 of llm-d', () => {
  const served = new ServedIndex();
  const bare = new ServedIndex();
  beforeAll(async () => {
    await served.start({
      tokenizer: { encode: async (text) => tokensOf(text), close: async () => undefined },
    });
    await bare.start();
    (await served.world.addEngine('a', '10.0.0.1')).store('123');
    (await served.world.addEngine('b', '10.0.0.2')).store('1');
    await served.followed(2);
  }, 30_000);
  afterAll(async () => {
    await Promise.all([served.stop(), bare.stop()]);
  });

  it('scores pods by the prefix of a text', async () => {
    const { scores } = await served.podClient.call('GetPodScores', { prompt: '1239', modelName: 'm' });
    expect(scores.map(({ pod, score }) => [pod, score])).toEqual([
      ['10.0.0.1:8000', 3],
      ['10.0.0.2:8000', 1],
    ]);
    const podIdentifiers = ['b', '10.0.0.1', 'nobody'];
    const named = await served.podClient.call('GetPodScores', {
      prompt: '12',
      modelName: 'm',
      podIdentifiers,
    });
    expect(named.scores.map(({ pod, score }) => [pod, score]).sort()).toEqual([
      ['10.0.0.1', 2],
      ['b', 1],
    ]);
    const other = await served.podClient.call('GetPodScores', { prompt: '12', modelName: 'other' });
    expect(other.scores).toEqual([]);
  });

  it.each([
    ['no prompt', { modelName: 'm' }, 'prompt'],
    ['no model', { prompt: '12' }, 'modelName'],
    [
      'too many pods',
      { prompt: '1', modelName: 'm', podIdentifiers: Array(10_001).fill('p') },
      'podIdentifiers',
    ],
  ])('refuses %s, and says what is wrong', async (_what, request, says) => {
    await expect(served.podClient.call('GetPodScores', request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(says),
    });
  });

  it('says how to give it a tokenizer where it has none', async () => {
    await expect(bare.podClient.call('GetPodScores', { prompt: '1', modelName: 'm' })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining('--tokenizer'),
    });
  });
});
