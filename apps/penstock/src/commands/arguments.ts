import { InvalidArgumentError } from 'commander';

/** Parses a whole number of at least `min`; the error names the flag. */
export function whole(flag: string, min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new InvalidArgumentError(`${flag} takes a whole number ${range}.`);
    }
    return value;
  };
}

/** Parses a positive number up to `max`. */
export function positive(flag: string, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value > 0) || value > max)
      throw new InvalidArgumentError(`${flag} takes a number above 0, up to ${max}.`);
    return value;
  };
}
