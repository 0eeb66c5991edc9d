import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FakeEngine, startFakeEngine } from '../../test/fake-engine.js';
import { HttpEngineTokens } from './http-engine-tokens.js';

let engine: FakeEngine;
let tokens: HttpEngineTokens;
let address: string;
beforeEach(async () => {
  engine = await startFakeEngine('127.0.0.1');
  address = `127.0.0.1:${engine.port}`;
  tokens = new HttpEngineTokens({ timeoutMs: 5000, cacheTokens: 1000 });
});
afterEach(async () => {
  await tokens.close();
  await engine.stop();
});

const prompt = (text: string) => ({ kind: 'text', text }) as const;
const ask = (text: string) => tokens.tokenize('m', prompt(text), [address]);
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('HttpEngineTokens', () => {
  it.each(['tokenize', 'render'] as const)(
    'asks by the API that the engine has, %s, and remembers',
    async (api) => {
      engine.tokenize = {
        api,
        of: ({ prompt: text, messages }) => [text?.length ?? 0, messages?.length ?? 0],
      };
      expect(await ask('four')).toEqual(Uint32Array.of(4, 0));
      expect(await ask('four')).toEqual(Uint32Array.of(4, 0));
      const before = engine.tokenizings;
      const chat = { kind: 'chat', messages: [{}, {}], addGenerationPrompt: true } as const;
      expect(await tokens.tokenize('m', chat, [address])).toEqual(Uint32Array.of(0, 2));
      // It is not asked again for what it does not have.
      expect(engine.tokenizings).toBe(before + 1);
    },
  );

  it('leaves a model alone after failures in a row', async () => {
    for (let i = 0; i < 5; i++)
      expect(await failure(ask(`${i}`))).toMatchObject({ reason: 'status', status: 404 });
    const before = engine.tokenizings;
    expect(await failure(ask('again'))).toMatchObject({ name: 'Error', isBrokenCircuitError: true });
    expect(engine.tokenizings).toBe(before);
    engine.tokenize = { api: 'tokenize', of: () => [1] };
    expect(await tokens.tokenize('other', prompt('x'), [address])).toEqual(Uint32Array.of(1));
  });

  it('gives up in time', async () => {
    const hasty = new HttpEngineTokens({ timeoutMs: 20, cacheTokens: 0 });
    engine.tokenize = { api: 'tokenize', of: () => new Promise<never>(() => {}) };
    expect(await failure(hasty.tokenize('m', prompt('x'), [address]))).toMatchObject({ reason: 'timeout' });
    await hasty.close();
  });

  it('says that there is nobody to ask', async () => {
    expect(await failure(tokens.tokenize('m', prompt('x'), []))).toMatchObject({ reason: 'unreachable' });
  });
});
