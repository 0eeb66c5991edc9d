import type { StoredDelta } from '@penstock/core/ports';
import { Redis } from 'ioredis';
import type { Layout } from './layout.js';
import { recordBytes } from './raw-bytes.js';

const RECORD_BYTES = 20;

/** Room for every block at once: a string that grows is given twice what it needs. */
const ENGINE_BLOCKS = 20_000;

/** ARGV: slot (u32) and record of each block. */
const WRITE = `
for i = 1, #ARGV[1], 24 do
  redis.call('SETRANGE', KEYS[1], struct.unpack('<I4', ARGV[1], i) * 20, string.sub(ARGV[1], i + 4, i + 23))
end
`;

interface Slots {
  readonly of: Map<bigint, number>;
  readonly free: number[];
}

/** A string per engine of 20 bytes per block, written in place at slots that the writer remembers. */
export class SlotsLayout implements Layout {
  private readonly client: Redis;
  private readonly engines = new Map<string, Slots>();

  constructor(url: string) {
    this.client = new Redis(url);
  }

  async write(deltas: readonly StoredDelta[]): Promise<void> {
    const pipeline = this.client.pipeline();
    for (const { engineId } of deltas)
      if (!this.engines.has(engineId))
        pipeline.set(`s:${engineId}`, Buffer.alloc(ENGINE_BLOCKS * RECORD_BYTES));
    for (const { engineId, changes, removed } of deltas) {
      const slots = this.engines.get(engineId) ?? { of: new Map<bigint, number>(), free: [] };
      this.engines.set(engineId, slots);
      const writes = new Map<number, Buffer>();
      for (const hash of removed.flatMap(({ engineHashes }) => [...engineHashes])) {
        const slot = slots.of.get(hash);
        if (slot === undefined) continue;
        slots.of.delete(hash);
        slots.free.push(slot);
        writes.set(slot, Buffer.alloc(RECORD_BYTES));
      }
      for (const pairs of changes) {
        for (const [i, record] of recordBytes(pairs, true).entries()) {
          const slot = slots.free.pop() ?? slots.of.size;
          slots.of.set(pairs.engineHashes[i]!, slot);
          writes.set(slot, record);
        }
      }
      const packed = Buffer.alloc(writes.size * (4 + RECORD_BYTES));
      for (const [i, [slot, record]] of [...writes].entries())
        packed.set(record, packed.writeUInt32LE(slot, i * (4 + RECORD_BYTES)));
      pipeline.eval(WRITE, 1, `s:${engineId}`, packed);
    }
    await pipeline.exec();
  }

  async loadAll(engineIds: readonly string[]): Promise<number> {
    let blocks = 0;
    for (const engineId of engineIds)
      blocks += ((await this.client.getBuffer(`s:${engineId}`))?.length ?? 0) / RECORD_BYTES;
    return blocks;
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
