import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LoadLedger } from './index.js';

const booking = (requestId: string, endpointId: string, atMs = 0) => ({
  requestId,
  endpointId,
  atMs,
  promptTokens: 100,
  uncachedTokens: 40,
  expectedOutputTokens: 10,
});

describe('LoadLedger', () => {
  it('counts a request from decision to end', () => {
    const ledger = new LoadLedger();
    ledger.reserve(booking('a', 'e', 5));
    expect(ledger.load('e')).toEqual({
      inFlightRequests: 1,
      inFlightPrefillTokens: 40,
      inFlightTokens: 110,
      unseenRequests: 1,
      unseenTokens: 40,
    });
    ledger.scraped('e', 4);
    expect(ledger.load('e').unseenRequests).toBe(1);
    ledger.scraped('e', 5);
    expect(ledger.load('e')).toMatchObject({ unseenRequests: 0, unseenTokens: 0, inFlightRequests: 1 });
    ledger.firstToken('a');
    expect(ledger.load('e')).toMatchObject({ inFlightPrefillTokens: 0, inFlightTokens: 110 });
    expect(ledger.requestsAt('e')).toEqual(['a']);
    ledger.done('a');
    expect(ledger.load('e')).toEqual(new LoadLedger().load('e'));
  });

  it('does not take a scrape for seeing what is still on its way', () => {
    const ledger = new LoadLedger(20);
    ledger.reserve(booking('a', 'e', 5));
    ledger.scraped('e', 24);
    expect(ledger.load('e').unseenRequests).toBe(1);
    ledger.scraped('e', 25);
    expect(ledger.load('e').unseenRequests).toBe(0);
  });

  it('moves a request that is tried elsewhere', () => {
    const ledger = new LoadLedger();
    ledger.reserve(booking('a', 'e'));
    ledger.reserve(booking('a', 'f'));
    expect(ledger.load('e').inFlightRequests).toBe(0);
    expect(ledger.load('f').inFlightRequests).toBe(1);
  });

  it('gives the same figures when any call is repeated, and none when all requests ended', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const call = fc.oneof(
      fc.record({ kind: fc.constant('reserve' as const), id, endpoint: fc.constantFrom('e', 'f') }),
      fc.record({ kind: fc.constantFrom('firstToken' as const, 'done' as const), id }),
      fc.record({ kind: fc.constant('scraped' as const), endpoint: fc.constantFrom('e', 'f') }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const once = new LoadLedger();
        const twice = new LoadLedger();
        calls.forEach((c, atMs) => {
          for (const [ledger, times] of [
            [once, 1],
            [twice, 2],
          ] as const) {
            for (let i = 0; i < times; i++) {
              if (c.kind === 'reserve') ledger.reserve(booking(c.id, c.endpoint, atMs));
              else if (c.kind === 'scraped') ledger.scraped(c.endpoint, atMs);
              else ledger[c.kind](c.id);
            }
          }
          for (const endpoint of ['e', 'f']) {
            const load = once.load(endpoint);
            expect(twice.load(endpoint)).toEqual(load);
            expect(load.inFlightRequests).toBe(once.requestsAt(endpoint).length);
            expect(load.unseenRequests).toBeGreaterThanOrEqual(0);
            expect(load.unseenRequests).toBeLessThanOrEqual(load.inFlightRequests);
            expect(load.inFlightTokens).toBe(110 * load.inFlightRequests);
          }
        });
        for (const request of ['a', 'b', 'c', 'd']) once.done(request);
        for (const endpoint of ['e', 'f'])
          expect(once.load(endpoint)).toEqual(new LoadLedger().load(endpoint));
      }),
      { numRuns: 100 },
    );
  });
});
