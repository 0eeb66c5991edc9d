import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alignLists } from './align-lists.js';
import { celEquals } from './cel-equals.js';
import { escapeName } from './escape-name.js';
import { ExactQuantity } from './exact-quantity.js';
import { IpAddress } from './ip-address.js';

describe('ExactQuantity', () => {
  it.each([
    ['1Gi', 2n ** 30n],
    ['1.5Ki', 1536n],
    ['-2k', -2000n],
    ['1e3', 1000n],
    ['1E', 10n ** 18n],
    ['2e-3', undefined],
    ['.5', undefined],
  ])('%s', (text, integer) => {
    const quantity = ExactQuantity.parse(text);
    expect(quantity?.isInteger).toBe(integer !== undefined);
    if (integer !== undefined) expect(quantity?.integer).toBe(integer);
  });

  it.each(['', 'Gi', '1 Gi', '1KI', '0x1', '1.2.3', '--1', '1e'])('is not %j', (text) => {
    expect(ExactQuantity.parse(text)).toBeUndefined();
  });

  it('orders and adds as the numbers do', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.bigInt({ min: 0n, max: 10n ** 6n }),
        (a, b) => {
          const [milli, plain] = [ExactQuantity.parse(`${a}m`)!, ExactQuantity.parse(`${b}`)!];
          expect(milli.nanos < plain.nanos).toBe(a < b * 1000n);
          expect(milli.plus(plain).minus(plain).nanos).toBe(milli.nanos);
          expect(ExactQuantity.parse(`${b}`)!.integer).toBe(b);
        },
      ),
    );
  });
});

describe('IpAddress', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
        const ip = IpAddress.parse(text);
        // IPv4 addresses written as IPv6 ones are none.
        if (!ip) return;
        const again = IpAddress.parse(ip.toString());
        expect(again?.bits).toBe(ip.bits);
        expect(again?.toString()).toBe(ip.toString());
        expect(ip.isWithin(ip.masked(8), 8)).toBe(true);
      }),
    );
  });

  it.each(['', '1.2.3', '1.2.3.256', 'fe80::1%eth0', '::ffff:1.2.3.4', ':::', '1.2.3.4/8'])(
    'is not %j',
    (text) => {
      expect(IpAddress.parse(text)).toBeUndefined();
    },
  );
});

describe('escapeName', () => {
  it.each([
    ['size', 'size'],
    ['namespace', '__namespace__'],
    ['a-b.c/d', 'a__dash__b__dot__c__slash__d'],
    ['__x', '__underscores__x'],
    ['int', 'int'],
    ['9a', undefined],
    ['ä', undefined],
  ])('%s → %s', (name, expected) => {
    expect(escapeName(name)).toBe(expected);
  });
});

describe('alignLists', () => {
  const set = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
  it('brings a permuted set into the new order, and loses nothing of another', () => {
    fc.assert(
      fc.property(
        fc
          .uniqueArray(fc.string(), { minLength: 1 })
          .chain((a) =>
            fc.tuple(fc.constant(a), fc.shuffledSubarray(a, { minLength: a.length }), fc.array(fc.string())),
          ),
        ([list, permuted, other]) => {
          expect(alignLists(permuted, list, set)).toEqual(list);
          const kept = alignLists(list, other, set) as string[];
          expect([...kept].sort()).toEqual([...list].sort());
        },
      ),
    );
  });
});

describe('celEquals', () => {
  it('compares by content', () => {
    expect(celEquals([1n, new Map([['a', new Date(5)]])], [1n, new Map([['a', new Date(5)]])])).toBe(true);
    expect(celEquals(new Map([['a', 1n]]), new Map([['b', 1n]]))).toBe(false);
    expect(celEquals(Buffer.from('a'), Buffer.from('a'))).toBe(true);
    expect(celEquals(ExactQuantity.parse('1k'), ExactQuantity.parse('1000'))).toBe(true);
    expect(celEquals(null, {})).toBe(false);
  });
});
