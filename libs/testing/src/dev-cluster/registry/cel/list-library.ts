import type { Environment } from '@marcbachmann/cel-js';
import { celEquals } from './cel-equals.js';

type Comparable = bigint | number | string | boolean | Date;

/** Kubernetes' list library and CEL's sets: order, sums, positions, membership. */
export function registerLists(environment: Environment): void {
  const compare = (a: Comparable, b: Comparable): number => (a < b ? -1 : a > b ? 1 : 0);
  const extreme = (name: string, sign: number) => (list: Comparable[]) => {
    if (list.length === 0) throw new Error(`${name} called on empty list`);
    return list.reduce((best, item) => (compare(item, best) * sign > 0 ? item : best));
  };
  const includes = (list: unknown[], item: unknown): boolean => list.some((other) => celEquals(other, item));
  environment
    .registerFunction('list<A>.isSorted(): bool', (list: Comparable[]) =>
      list.every((item, i) => i === 0 || compare(list[i - 1] as Comparable, item) <= 0),
    )
    .registerFunction('list<A>.sum(): A', (list: (bigint | number)[]) =>
      list.length === 0 ? 0n : list.reduce((sum, item) => add(sum, item)),
    )
    .registerFunction('list<A>.min(): A', extreme('min', -1))
    .registerFunction('list<A>.max(): A', extreme('max', 1))
    .registerFunction('list<A>.indexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findIndex((other) => celEquals(other, item))),
    )
    .registerFunction('list<A>.lastIndexOf(A): int', (list: unknown[], item: unknown) =>
      BigInt(list.findLastIndex((other) => celEquals(other, item))),
    )
    .registerFunction('list<A>.sort(): list<A>', (list: Comparable[]) => [...list].sort(compare))
    .registerFunction('list<A>.slice(int, int): list<A>', (list: unknown[], start: bigint, end: bigint) => {
      if (start < 0n || end < start || end > BigInt(list.length)) {
        throw new Error(`cannot slice(${start}, ${end}), list is length ${list.length}`);
      }
      return list.slice(Number(start), Number(end));
    })
    .registerFunction('list<A>.distinct(): list<A>', (list: unknown[]) =>
      list.filter((item, i) => !includes(list.slice(0, i), item)),
    );
  class SetsNamespace {}
  environment
    .registerType('SetsNamespace', SetsNamespace)
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction(
      'SetsNamespace.contains(list<A>, list<A>): bool',
      (_: unknown, list: unknown[], others: unknown[]) => others.every((item) => includes(list, item)),
    )
    .registerFunction(
      'SetsNamespace.intersects(list<A>, list<A>): bool',
      (_: unknown, list: unknown[], others: unknown[]) => others.some((item) => includes(list, item)),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list<A>, list<A>): bool',
      (_: unknown, list: unknown[], others: unknown[]) =>
        others.every((item) => includes(list, item)) && list.every((item) => includes(others, item)),
    );
}

function add(a: bigint | number, b: bigint | number): bigint | number {
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b);
}
