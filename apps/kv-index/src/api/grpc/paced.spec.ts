import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { until } from '@penstock/testing';
import { paced } from './paced.js';

describe('paced', () => {
  it('makes no part before the one before it was taken, and stops when the call is over', async () => {
    const call = Object.assign(new EventEmitter(), { writableNeedDrain: true });
    let made = 0;
    let ended = false;
    const taken: number[] = [];
    const subscription = paced(call as never, async function* (signal) {
      try {
        while (!signal.aborted) yield made++;
      } finally {
        ended = true;
      }
    }).subscribe((part) => void taken.push(part));
    for (let turn = 1; turn <= 5; turn++) {
      await until(() => taken.length === turn);
      await new Promise((resolve) => setImmediate(resolve));
      expect(taken).toHaveLength(turn);
      call.emit('drain');
    }
    expect(made).toBeLessThanOrEqual(6);
    subscription.unsubscribe();
    await until(() => ended);
    expect(call.listenerCount('drain')).toBe(0);
  });

  it('hands on why parts could not be made', async () => {
    const call = Object.assign(new EventEmitter(), { writableNeedDrain: false });
    const failure = new Promise((resolve) => {
      paced(call as never, async function* () {
        yield 1;
        throw new Error('no more');
      }).subscribe({ error: resolve });
    });
    expect(await failure).toMatchObject({ message: 'no more' });
  });
});
