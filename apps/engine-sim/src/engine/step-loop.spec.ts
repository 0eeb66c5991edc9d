import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StepLoop } from './step-loop.js';
import { VirtualClock } from './virtual-clock.js';

const STEP_MS = 7;
let begun: number[];
let ended: number[];
let flushes: number;
let stepsLeft: number;
let loop: StepLoop;
const start = (speed: number) => {
  begun = [];
  ended = [];
  flushes = 0;
  stepsLeft = 1_000;
  loop = new StepLoop(new VirtualClock(speed), {
    begin: (atMs) => {
      if (stepsLeft-- <= 0) return undefined;
      begun.push(atMs);
      return { durationMs: STEP_MS };
    },
    end: (atMs) => ended.push(atMs),
    flush: () => flushes++,
  });
};

describe('StepLoop', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('steps follow each other without drift, however late the timer is', () => {
    start(1);
    loop.wake();
    jest.advanceTimersByTime(700);
    expect(ended).toEqual(Array.from({ length: 100 }, (_, i) => begun[0]! + (i + 1) * STEP_MS));
    expect(begun.slice(1, 101)).toEqual(ended);
  });

  it('runs as many times faster as asked, several steps per timer, flushing once for them', () => {
    start(70);
    loop.wake();
    jest.advanceTimersByTime(10);
    expect(ended).toHaveLength(100);
    expect(flushes).toBeLessThanOrEqual(10);
  });

  it('rests when there is nothing to do and starts again at the time of the wake-up', () => {
    start(1);
    stepsLeft = 1;
    loop.wake();
    jest.advanceTimersByTime(50);
    expect(ended).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
    stepsLeft = 1;
    loop.wake();
    jest.advanceTimersByTime(50);
    expect(begun[1]! - begun[0]!).toBeCloseTo(50);
    expect(ended).toHaveLength(2);
  });

  it('ends no step while paused and makes none up afterwards', () => {
    start(1);
    loop.wake();
    jest.advanceTimersByTime(10);
    loop.pause();
    loop.wake();
    jest.advanceTimersByTime(1_000);
    expect(ended).toHaveLength(1);
    loop.resume();
    jest.advanceTimersByTime(14);
    expect(ended.length).toBeLessThanOrEqual(4);
    expect(ended[1]! - begun[0]!).toBeGreaterThanOrEqual(1_010);
  });

  it('says the time of its steps, which stands while the machine is behind', () => {
    start(10);
    const beforeMs = loop.nowMs;
    jest.advanceTimersByTime(100);
    expect(loop.nowMs - beforeMs).toBe(1_000);
    loop.wake();
    const dueMs = loop.nowMs + STEP_MS;
    const wallMs = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(wallMs + 100);
    expect(loop.nowMs).toBe(dueMs);
    loop.pause();
    expect(loop.nowMs).toBe(beforeMs + 2_000);
    jest.restoreAllMocks();
  });
});
