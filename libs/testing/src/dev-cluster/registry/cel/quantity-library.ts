import type { Environment } from '@marcbachmann/cel-js';
import { ExactQuantity } from './exact-quantity.js';

/** Kubernetes' quantity library: `quantity('1Gi').isGreaterThan(quantity('512Mi'))`. */
export function registerQuantities(environment: Environment): void {
  const compare = (a: ExactQuantity, b: ExactQuantity): bigint =>
    a.nanos < b.nanos ? -1n : a.nanos > b.nanos ? 1n : 0n;
  environment
    .registerType('Quantity', { ctor: ExactQuantity, fields: {} })
    .registerOperator('Quantity == Quantity', (a: ExactQuantity, b: ExactQuantity) => a.nanos === b.nanos)
    .registerFunction('isQuantity(string): bool', (text: string) => ExactQuantity.parse(text) !== undefined)
    .registerFunction('quantity(string): Quantity', parse)
    .registerFunction('Quantity.isInteger(): bool', (q: ExactQuantity) => q.isInteger)
    .registerFunction('Quantity.asInteger(): int', (q: ExactQuantity) => {
      if (!q.isInteger) throw new Error('cannot convert value to integer');
      return q.integer;
    })
    .registerFunction('Quantity.asApproximateFloat(): double', (q: ExactQuantity) => q.approximate)
    .registerFunction(
      'Quantity.isGreaterThan(Quantity): bool',
      (a: ExactQuantity, b: ExactQuantity) => compare(a, b) > 0n,
    )
    .registerFunction(
      'Quantity.isLessThan(Quantity): bool',
      (a: ExactQuantity, b: ExactQuantity) => compare(a, b) < 0n,
    )
    .registerFunction('Quantity.compareTo(Quantity): int', compare)
    .registerFunction('Quantity.add(Quantity): Quantity', (a: ExactQuantity, b: ExactQuantity) => a.plus(b))
    .registerFunction('Quantity.add(int): Quantity', (a: ExactQuantity, b: bigint) =>
      a.plus(ExactQuantity.ofNumber(b)),
    )
    .registerFunction('Quantity.sub(Quantity): Quantity', (a: ExactQuantity, b: ExactQuantity) => a.minus(b))
    .registerFunction('Quantity.sub(int): Quantity', (a: ExactQuantity, b: bigint) =>
      a.minus(ExactQuantity.ofNumber(b)),
    );
}

function parse(text: string): ExactQuantity {
  const quantity = ExactQuantity.parse(text);
  if (quantity) return quantity;
  throw new Error(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
}
