import { describe, expect, it } from '@jest/globals';
import type { TierFolder } from '../tiers/tier-folder.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { UnseenGrowth } from './unseen-growth.js';

const CAPACITY = 1000;

/** A tier whose inventory and file system have these many bytes. */
class Situation {
  known = 0;
  used = 0;
  held = 0;
  readonly folder = { tier: 'cpu', options: { root: '/tier', capacityBytes: CAPACITY } } as TierFolder;
  readonly growth: UnseenGrowth;

  constructor() {
    const inventory = {
      use: () => ({ usedBytes: this.known, chunks: 0 }),
      records: () => [{ sizeBytes: 100 }],
    };
    const locks = {};
    Object.defineProperty(locks, 'held', { get: () => this.held });
    const tiers = { folders: [this.folder], inventory, locks } as unknown as ChunkTiers;
    const statfs = async () => ({ blocks: 1e6, bfree: 1e6 - this.used, bsize: 1 });
    this.growth = new UnseenGrowth(tiers, { statfs } as never);
  }

  async isSuspect(): Promise<boolean> {
    return (await this.growth.suspects()).length > 0;
  }
}

describe('UnseenGrowth', () => {
  it('takes what was there before for somebody else’s, and what comes to it for files', async () => {
    const s = new Situation();
    s.used = 500;
    await s.growth.during(s.folder, async () => 0);
    expect(await s.isSuspect()).toBe(false);
    s.used = 700;
    expect(await s.isSuspect()).toBe(true);
  });

  it('notices as many bytes as were removed while it looked', async () => {
    const s = new Situation();
    s.used = s.known = 300;
    await s.growth.during(s.folder, async () => {
      s.used = s.known = 100;
      return 0;
    });
    s.used = 300;
    expect(await s.isSuspect()).toBe(true);
  });

  it('notices as many bytes as were about to leave when it looked', async () => {
    const s = new Situation();
    s.used = 300;
    s.known = 100;
    s.held = 2;
    await s.growth.during(s.folder, async () => 0);
    s.held = 0;
    s.used = 300;
    expect(await s.isSuspect()).toBe(true);
  });
});
