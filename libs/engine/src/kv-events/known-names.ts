/** Strings that events are full of: they are recognised by their bytes, which is far cheaper than decoding them. */
export class KnownNames {
  private readonly byLength: Array<Array<{ readonly name: string; readonly bytes: Uint8Array }>> = [];

  /** ASCII only. */
  constructor(names: Iterable<string>) {
    for (const name of new Set(names)) {
      this.byLength[name.length] ??= [];
      this.byLength[name.length]?.push({ name, bytes: Buffer.from(name, 'latin1') });
    }
  }

  /** The name that these bytes spell; undefined when it is none of the known ones. */
  at(bytes: Uint8Array, start: number, length: number): string | undefined {
    const candidates = this.byLength[length];
    if (candidates === undefined) {
      return undefined;
    }
    for (const candidate of candidates) {
      if (isAt(bytes, start, candidate.bytes)) {
        return candidate.name;
      }
    }
    return undefined;
  }
}

function isAt(bytes: Uint8Array, start: number, expected: Uint8Array): boolean {
  // From the end: many names begin alike.
  for (let i = expected.length - 1; i >= 0; i--) {
    if (bytes[start + i] !== expected[i]) {
      return false;
    }
  }
  return true;
}
