import { describe, expect, it } from '@jest/globals';
import { parseTraceparent, propagateTraceparent } from './trace-context.js';

const id = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('trace context', () => {
  it('keeps the trace and makes a new span', () => {
    const next = parseTraceparent(propagateTraceparent(`00-${id}-00f067aa0ba902b7-01`));
    expect(next).toMatchObject({ traceId: id, sampled: true });
    expect(next?.spanId).not.toBe('00f067aa0ba902b7');
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `ff-${id}-00f067aa0ba902b7-01`,
    `00-${id}-00f067aa0ba902b7-01-extra`,
    `00-${id.toUpperCase()}-00f067aa0ba902b7-01`,
  ])('starts a new trace for %j', (value) => {
    expect(parseTraceparent(value)).toBeUndefined();
    expect(parseTraceparent(propagateTraceparent(value))?.traceId).not.toBe(id);
  });

  it('accepts a later version', () => {
    expect(parseTraceparent(`01-${id}-00f067aa0ba902b7-00-more`)?.sampled).toBe(false);
  });
});
