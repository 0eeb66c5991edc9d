import { describe, expect, it, jest } from '@jest/globals';
import type { Endpoint } from '@penstock/cluster';
import { KnownEngine } from './known-engine.js';

const endpoint = (facts: Partial<Endpoint> = {}): Endpoint => ({
  engineId: 'ns/e',
  namespace: 'ns',
  pod: 'e',
  podUid: 'u',
  restartCount: 0,
  ip: '127.0.0.1',
  port: 1,
  rank: 0,
  address: '127.0.0.1:1',
  ready: true,
  terminating: false,
  draining: false,
  labels: {},
  ...facts,
});

describe('KnownEngine', () => {
  it.each([
    [{}, undefined],
    [{ terminating: true, ready: false }, 'terminating'],
    [{ ready: false }, 'not-ready'],
    [{ draining: true }, 'draining'],
    [{ labels: { 'llm-d.ai/role': 'prefill' } }, 'prefill-only'],
    [{ labels: { 'llm-d.ai/role': 'encode' } }, 'prefill-only'],
    [{ labels: { 'llm-d.ai/role': 'decode' } }, undefined],
    [{ labels: { 'llm-d.ai/role': 'prefill-decode' } }, undefined],
    [{ labels: { 'llm-d.ai/role': 'whatever' } }, undefined],
  ])('%j is excluded as %s', (facts, excluded) => {
    expect(new KnownEngine(endpoint(facts)).excluded).toBe(excluded);
  });

  it('comes back when the annotation of a drain goes away', () => {
    const engine = new KnownEngine(endpoint());
    engine.noticeDraining();
    expect(engine.excluded).toBe('draining');
    engine.update(endpoint({ draining: true }));
    expect(engine.excluded).toBe('draining');
    engine.update(endpoint());
    expect(engine.excluded).toBeUndefined();
  });

  it('believes an announced drain for a while only, when no annotation follows', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
    const engine = new KnownEngine(endpoint());
    engine.noticeDraining();
    engine.update(endpoint());
    now.mockReturnValue(30_999);
    expect(engine.excluded).toBe('draining');
    now.mockReturnValue(31_000);
    expect(engine.excluded).toBeUndefined();
    now.mockRestore();
  });

  it('answers once it was asked and did not refuse, until it restarts', () => {
    const engine = new KnownEngine(endpoint());
    expect(engine.answers).toBe(false);
    engine.asked = true;
    expect(engine.answers).toBe(true);
    engine.unreachable = true;
    expect([engine.answers, engine.excluded]).toEqual([false, 'unreachable']);
    engine.update(endpoint({ restartCount: 1 }));
    expect([engine.answers, engine.excluded]).toEqual([false, undefined]);
  });
});
