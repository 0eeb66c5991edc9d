import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FoldQueue } from './fold-queue.js';

describe('FoldQueue', () => {
  it('runs a few at a time, in order, and each engine once', async () => {
    const queue = new FoldQueue(2);
    const done: string[] = [];
    let [running, most] = [0, 0];
    const fold = (engine: string) => async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
      return done.push(engine) > 0;
    };
    for (const engine of ['a', 'b', 'c', 'a', 'd', 'c']) queue.add(engine, fold(engine));
    while (done.length < 4) await sleep(1);
    expect(done).toEqual(['a', 'b', 'c', 'd']);
    expect(most).toBe(2);
    queue.add('a', fold('a'));
    await queue.close();
    expect(done).toEqual(['a', 'b', 'c', 'd', 'a']);
  });

  it('drops what waits when a fold fails or it is closed', async () => {
    const queue = new FoldQueue(1);
    const started: string[] = [];
    const fold = (engine: string, isDone: boolean) => async () => {
      started.push(engine);
      await sleep(1);
      return isDone;
    };
    queue.add('a', fold('a', false));
    queue.add('b', fold('b', true));
    await sleep(20);
    expect(started).toEqual(['a']);
    queue.add('c', fold('c', true));
    queue.add('d', fold('d', true));
    await queue.close();
    expect(started).toEqual(['a', 'c']);
  });
});
