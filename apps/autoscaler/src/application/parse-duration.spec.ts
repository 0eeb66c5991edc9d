import { describe, expect, it } from '@jest/globals';
import { parseDuration } from './parse-duration.js';

describe('parseDuration', () => {
  it.each([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['0s', 0],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 'm', '10 m', '-1s', '1d', '1s?', `${'9'.repeat(400)}h`])('refuses "%s"', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
