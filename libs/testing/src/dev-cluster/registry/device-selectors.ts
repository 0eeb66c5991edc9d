import { parse } from '@marcbachmann/cel-js';
import type { Cause } from '../object/api-error.js';
import type { Json } from '../object/api-object.js';
import { valueAt } from '../object/json.js';
import { compileProblem } from './cel/cel-problems.js';
import { items } from './columns/column.js';

/** What is wrong with the syntax of the CEL expressions that choose devices. `field` is the path of the list. */
export function selectorCauses(selectors: Json | undefined, field: string): Cause[] {
  return items(selectors).flatMap((selector, i): Cause[] => {
    const expression = valueAt(selector, ['cel', 'expression']);
    if (typeof expression !== 'string' || expression === '') return [];
    try {
      parse(expression);
      return [];
    } catch (error) {
      const why = compileProblem(expression, error as Parameters<typeof compileProblem>[1]);
      const message = `Invalid value: ${JSON.stringify(expression)}: ${why}`;
      return [{ field: `${field}[${i}].cel.expression`, reason: 'FieldValueInvalid', message }];
    }
  });
}
