import { expect, it } from '@jest/globals';
import { HeldBudget, HeldMessages } from './held-messages.js';

const message = (sequence: number, bytes: number) => ({
  topic: '',
  sequence,
  payload: Buffer.alloc(bytes),
  replayed: false,
});

it('holds as much as one stream may, and all of them together', () => {
  const budget = new HeldBudget(100);
  const first = new HeldMessages(3, 60, budget);
  const second = new HeldMessages(10, 100, budget);
  expect([first.push(message(0, 30)), first.push(message(1, 40)), first.push(message(2, 30))]).toEqual([
    true,
    false,
    true,
  ]);
  expect([second.push(message(0, 41)), second.push(message(1, 40))]).toEqual([false, true]);
  expect([first.push(message(3, 0)), first.push(message(4, 0))]).toEqual([true, false]);
  expect(budget.bytes).toBe(100);
  expect(first.take().map(({ sequence }) => sequence)).toEqual([0, 2, 3]);
  expect(budget.bytes).toBe(40);
  expect([first.take(), second.push(message(2, 60))]).toEqual([[], true]);
});
