import type { FileHandle } from 'node:fs/promises';
import { type FileSystem, nodeFileSystem } from '../src/tiers/file-system.js';

/**
 * What happens at one call.
 *
 * - `error`: it fails with an error of the system
 * - `before`, `after`: the process ends right before or after it; nothing later happens
 * - `half`: as `before`, but half of what was to be written is
 */
export type Fault = 'error' | 'before' | 'after' | 'half';

const HANDLE_CALLS = new Set(['chmod', 'read', 'stat', 'sync', 'write']);

/** The real file system, whose n-th call goes wrong. */
export class FaultyFileSystem {
  calls = 0;
  private dead = false;

  constructor(
    /** From 1; 0 = never. */
    private readonly at: number,
    private readonly fault: Fault = 'error',
    private readonly code = 'EIO',
  ) {}

  get fs(): FileSystem {
    const wrapped = Object.entries(nodeFileSystem).map(([name, call]) => {
      if (typeof call !== 'function') return [name, call];
      return [
        name,
        async (...args: unknown[]) => {
          const result = await this.perform(name, () => (call as (...all: unknown[]) => unknown)(...args));
          return name === 'open' ? this.wrap(result as FileHandle) : result;
        },
      ];
    });
    return Object.fromEntries(wrapped) as FileSystem;
  }

  private wrap(handle: FileHandle): FileHandle {
    return new Proxy(handle, {
      get: (target, name: string) => {
        const member: unknown = target[name as keyof FileHandle];
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
        if (!HANDLE_CALLS.has(name)) return call;
        return (...args: unknown[]) =>
          this.perform(
            name,
            () => call(...args),
            async () => {
              const [bytes, from, length] = args as [Uint8Array, number, number];
              if (name === 'write') await target.write(bytes, from, Math.floor(length / 2));
            },
          );
      },
    });
  }

  private async perform<T>(name: string, work: () => T, half?: () => Promise<void>): Promise<Awaited<T>> {
    if (this.dead) throw this.error('the process is dead');
    this.calls++;
    if (this.calls !== this.at) return await work();
    if (this.fault === 'error') throw this.error(name);
    if (this.fault === 'after') await work();
    if (this.fault === 'half') await half?.();
    this.dead = true;
    throw this.error(name);
  }

  private error(name: string): Error {
    return Object.assign(new Error(`${this.code}: injected at ${name}`), { code: this.code });
  }
}
