import { createServer } from 'node:net';

/** Gives every pod a loopback address of its own, so that all engines can keep the same port. */
export class PodAddresses {
  private readonly base: number;
  private readonly size: number;
  private readonly taken = new Set<string>();
  private nextOffset = 1;

  /** @throws Error when the range is not IPv4 CIDR notation within 127.0.0.0/8 */
  constructor(cidr: string) {
    const match = /^(127)\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
    const prefix = Number(match?.[5]);
    if (!match || prefix < 8 || prefix > 30 || match.slice(1, 5).some((part) => Number(part) > 255)) {
      throw new Error(`--pod-cidr ${cidr}: expected a range within 127.0.0.0/8, for example 127.20.0.0/16`);
    }
    this.size = 2 ** (32 - prefix);
    const address = match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0);
    this.base = address - (address % this.size);
  }

  /** Marks an address as used by a pod that has it already. */
  keep(ip: string): void {
    this.taken.add(ip);
  }

  release(ip: string): void {
    this.taken.delete(ip);
  }

  /** A free address on which nothing listens on these ports. @throws Error when the range is used up */
  async allocate(ports: readonly number[]): Promise<string> {
    for (let tries = 0; tries < this.size - 2; tries++) {
      const ip = this.take();
      if (!ip) continue;
      if (await arePortsFree(ip, ports)) return ip;
      this.release(ip);
    }
    throw this.usedUp();
  }

  /** A free address for a pod that listens on nothing. @throws Error when the range is used up */
  next(): string {
    for (let tries = 0; tries < this.size - 2; tries++) {
      const ip = this.take();
      if (ip) return ip;
    }
    throw this.usedUp();
  }

  private usedUp(): Error {
    return new Error(`no free pod address is left in a range of ${this.size}; choose a larger --pod-cidr`);
  }

  private take(): string | undefined {
    const value = this.base + this.nextOffset;
    this.nextOffset = (this.nextOffset % (this.size - 2)) + 1;
    const ip = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
    if (this.taken.has(ip)) return undefined;
    this.taken.add(ip);
    return ip;
  }
}

/** Whether all these ports can be listened on; someone else's process may hold them. */
export async function arePortsFree(ip: string, ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ host: ip, port, exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (!isFree) return false;
  }
  return true;
}
