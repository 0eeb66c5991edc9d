import { afterEach, describe, expect, it } from '@jest/globals';
import {
  BUILT_IN_TOKENIZER_DIR,
  loadTokenizer,
  TokenizerWorkers,
  tokenizerSource,
} from '../src/tokenizer/index.js';

/** The built module, as in a service; `npm test` builds it first. */
const worker = new URL('../dist/tokenizer/tokenizer-worker.js', import.meta.url);
const open: TokenizerWorkers[] = [];
const start = (options = {}) => {
  const workers = new TokenizerWorkers({ worker, ...options });
  open.push(workers);
  return workers;
};
afterEach(async () => void (await Promise.all(open.splice(0).map((workers) => workers.close()))));
const LONG = { timeoutMs: 60_000 };
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('TokenizerWorkers', () => {
  it('encode the parts of a plan as this thread would, and render chats', async () => {
    const tokenizer = await loadTokenizer();
    const source = await tokenizerSource(BUILT_IN_TOKENIZER_DIR);
    const workers = start();
    const text = 'the water turns the wheel, and the gate is open. '.repeat(100);
    const plan = tokenizer.plan(text);
    expect(plan.newChars).toBe(text.length);
    const ids = plan.finish(await workers.encode(source, plan.newParts, LONG));
    expect(ids).toEqual((await loadTokenizer()).encode(text));
    expect(tokenizer.plan(text).newParts).toEqual([]);
    const messages = [{ role: 'user', content: 'open' }];
    expect(await workers.render(source, messages, {}, LONG)).toBe(tokenizer.applyChatTemplate(messages));
    expect(() => tokenizer.plan('another text').finish([])).toThrow(RangeError);
  });

  it('say why a tokenizer cannot be loaded or a chat not be written', async () => {
    const workers = start();
    const gone = { dir: '/nowhere', version: '1' };
    expect(await failure(workers.encode(gone, ['x'], LONG))).toMatchObject({
      reason: 'missing',
      message: expect.stringContaining('/nowhere'),
    });
    const source = await tokenizerSource(BUILT_IN_TOKENIZER_DIR);
    expect(await failure(workers.render(source, [{ role: 'wizard' }], {}, LONG))).toMatchObject({
      reason: 'template',
    });
  });

  it('bound their queue, give up in time, and forget what nobody waits for', async () => {
    const source = await tokenizerSource(BUILT_IN_TOKENIZER_DIR);
    const workers = start({ maxQueued: 2 });
    const slow = workers.encode(source, ['a'.repeat(100_000)], LONG);
    const left = new AbortController();
    const second = failure(workers.encode(source, ['b'], { ...LONG, signal: left.signal }));
    const third = failure(workers.encode(source, ['c'], { timeoutMs: 1 }));
    expect(workers.queued).toBe(2);
    expect(await failure(workers.encode(source, ['d'], LONG))).toMatchObject({ reason: 'busy' });
    left.abort();
    expect(await second).toMatchObject({ reason: 'stopped' });
    expect(await third).toMatchObject({ reason: 'timeout' });
    expect(workers.queued).toBe(0);
    expect((await slow)[0]?.length).toBeGreaterThan(0);
    expect(await failure(workers.encode(source, ['e'], { ...LONG, signal: left.signal }))).toMatchObject({
      reason: 'stopped',
    });
  });

  it('replace a thread that dies, and stop', async () => {
    const source = await tokenizerSource(BUILT_IN_TOKENIZER_DIR);
    const dead = start({ worker: new URL('data:text/javascript,process.exit(3)') });
    expect(await failure(dead.encode(source, ['x'], LONG))).toMatchObject({ reason: 'stopped' });
    expect(await failure(dead.encode(source, ['x'], LONG))).toMatchObject({ reason: 'stopped' });
    const workers = start();
    const running = failure(workers.encode(source, ['x'], LONG));
    await workers.close();
    expect(await running).toMatchObject({ reason: 'stopped' });
    expect(await failure(workers.encode(source, ['x'], LONG))).toMatchObject({ reason: 'stopped' });
  });
});
