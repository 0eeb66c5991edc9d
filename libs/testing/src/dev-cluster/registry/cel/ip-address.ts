import { isIP } from 'node:net';

/** An IP address as a number, IPv4 or IPv6. Zones and IPv4 addresses written as IPv6 ones are none to Kubernetes. */
export class IpAddress {
  private constructor(
    readonly family: 4 | 6,
    readonly bits: bigint,
  ) {}

  static parse(text: string): IpAddress | undefined {
    const family = isIP(text);
    if (family === 4) return new IpAddress(4, bitsOf(text.split('.').map(Number), 8n));
    if (family !== 6 || text.includes('%')) return undefined;
    // The URL parser writes any IPv6 address in its shortest form and without dots.
    const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
    const groups = (part: string): number[] =>
      part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16));
    const [before, after] = [groups(head), groups(tail ?? '')];
    const missing = tail === undefined ? 0 : 8 - before.length - after.length;
    const bits = bitsOf([...before, ...Array<number>(missing).fill(0), ...after], 16n);
    return bits >> 32n === 0xffffn ? undefined : new IpAddress(6, bits);
  }

  get width(): number {
    return this.family === 4 ? 32 : 128;
  }

  /** With all bits after the first `length` cleared. */
  masked(length: number): IpAddress {
    const host = BigInt(this.width - length);
    return new IpAddress(this.family, (this.bits >> host) << host);
  }

  /** Whether the first `length` bits are those of another address. */
  isWithin(network: IpAddress, length: number): boolean {
    return this.family === network.family && this.masked(length).bits === network.masked(length).bits;
  }

  /** The canonical text (RFC 5952 for IPv6). */
  toString(): string {
    const size = this.family === 4 ? 8n : 16n;
    const parts = Array.from({ length: this.width / Number(size) }, (_, i) => {
      const shift = BigInt(this.width) - size * BigInt(i + 1);
      return (this.bits >> shift) & ((1n << size) - 1n);
    });
    if (this.family === 4) return parts.join('.');
    return new URL(`http://[${parts.map((p) => p.toString(16)).join(':')}]`).hostname.slice(1, -1);
  }
}

function bitsOf(parts: readonly number[], size: bigint): bigint {
  return parts.reduce((bits, part) => (bits << size) | BigInt(part), 0n);
}
