import { describe, expect, it } from '@jest/globals';
import { EVENTS } from '@penstock/contracts';
import fc from 'fast-check';
import { eventSubject, isWanted, parseEventSubject, subjectFilter } from './event-subject.js';
import { decodeHeaderValue, encodeHeaderValue } from './wire-message.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const place = fc.record({
  type: fc.constantFrom(...Object.keys(EVENTS)),
  namespace: text,
  pool: text,
  key: fc.option(text, { nil: undefined }),
});

describe('eventSubject', () => {
  it('is reversible, and two places never share a subject', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(parseEventSubject(eventSubject(a))).toEqual(a);
        expect(eventSubject(a) === eventSubject(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('reads no other subject', () => {
    for (const subject of [
      '',
      'penstock.v1',
      'penstock.v2.kv.delta.a.b',
      'penstock.v1.kv.delta.a',
      'x.v1.kv.delta.a.b',
    ]) {
      expect(parseEventSubject(subject)).toBeUndefined();
    }
  });
});

describe('subjectFilter', () => {
  it.each([
    [{ types: ['kv.delta'] }, 'penstock.v1.kv.delta.>'],
    [{ types: ['kv.delta', 'kv.snapshot'] }, 'penstock.v1.kv.*.>'],
    [{ types: ['kv.delta', 'kv.snapshot'], namespace: 'n.s', pool: 'p' }, 'penstock.v1.kv.*.n=2Es.p.>'],
    [{ types: ['kv.delta'], namespace: 'ns' }, 'penstock.v1.kv.delta.ns.>'],
    [{ types: ['kv.delta'], pool: 'p' }, 'penstock.v1.kv.delta.*.p.>'],
    [{ types: ['demand.reported'], namespace: 'ns', pool: 'p' }, 'penstock.v1.demand.reported.ns.p'],
    [{ types: ['scaling.decided', 'placement.bound'], namespace: 'ns' }, undefined],
  ])('%j', (filter, subject) => {
    expect(subjectFilter(filter)).toBe(subject);
  });

  it('covers every event that is wanted', () => {
    const types = fc.uniqueArray(fc.constantFrom('kv.delta', 'kv.snapshot'), { minLength: 1 });
    const some = fc.option(fc.constantFrom('a', 'b.c'), { nil: undefined });
    fc.assert(
      fc.property(
        types,
        some,
        some,
        fc.constantFrom('a', 'b.c'),
        fc.constantFrom('a', 'b.c'),
        (wanted, ns, pool, n, p) => {
          const filter = { types: wanted, namespace: ns, pool };
          const event = { type: 'kv.delta', namespace: n, pool: p, key: 'k' };
          const pattern = subjectFilter(filter)?.split('.') ?? [];
          const tokens = eventSubject(event).split('.');
          const matches = pattern.every((part, i) => part === '>' || part === '*' || part === tokens[i]);
          if (isWanted(filter, event)) expect(matches).toBe(true);
        },
      ),
    );
  });
});

describe('header values', () => {
  it('are reversible printable ASCII without spaces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const encoded = encodeHeaderValue(value);
        expect(encoded).toMatch(/^[\x21-\x7e]*$/);
        expect(decodeHeaderValue(encoded)).toBe(value);
      }),
    );
    expect(decodeHeaderValue('%FF')).toBeUndefined();
  });
});
