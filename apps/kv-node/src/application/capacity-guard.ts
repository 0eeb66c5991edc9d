import {
  ChunkLedger,
  DemotionPlanner,
  type Place,
  type PlaceCapacity,
  type Watermarks,
} from '@penstock/core/tiering';
import type { Logger } from 'pino';
import { isChecked } from '../inventory/copy-record.js';
import type { ChunkMover } from './chunk-mover.js';
import type { ChunkTiers } from './chunk-tiers.js';
import type { Contact } from './contact.js';

const MOVES_AT_ONCE = 256;
const NO_KEYS = new BigUint64Array(0);

/** While nobody directs this node: keeps its tiers below their capacity. Chunks go to the SSD, then away; S3 is left alone. */
export class CapacityGuard {
  private readonly planner: DemotionPlanner;
  private working = false;
  /** Whether the last look found something to do: it ends at the low watermark then. */
  private relieving = false;

  constructor(
    private readonly node: string,
    private readonly tiers: ChunkTiers,
    private readonly mover: ChunkMover,
    private readonly contact: Contact,
    private readonly watermarks: Watermarks,
    private readonly logger: Logger,
  ) {
    this.planner = new DemotionPlanner({
      ...watermarks,
      s3: false,
      s3AdmissionUses: 1,
      maxMoves: MOVES_AT_ONCE,
    });
  }

  /** Looks once, and makes room where it must. */
  async guard(): Promise<void> {
    if (this.working || !this.contact.alone || !this.isUnderPressure()) return;
    this.working = true;
    try {
      const { ledger, capacities } = this.situation();
      const orders = this.planner.plan(ledger, capacities).map(({ path, from, to }) => ({
        path,
        from: from.tier,
        ...(to ? { to: to.tier } : {}),
        removeSource: true,
      }));
      this.relieving = orders.length > 0;
      const outcomes = await this.mover.moveAll(orders);
      const failed = outcomes.filter(({ problem }) => problem !== '');
      const count = orders.length - failed.length;
      if (count > 0) this.logger.info({ count }, 'made room without kv-offload');
      const [first] = failed;
      if (first) {
        this.logger.warn(
          { count: failed.length, reason: first.message },
          'chunks could not be moved to make room',
        );
      }
    } finally {
      this.working = false;
    }
  }

  /** Whether there may be something to do: to say what takes a look at every copy. */
  private isUnderPressure(): boolean {
    const { low, high } = this.watermarks;
    const share = this.relieving ? low : high;
    return this.tiers.folders.some(({ options: { tier, capacityBytes } }) => {
      return this.tiers.inventory.use(tier).usedBytes > share * capacityBytes;
    });
  }

  private situation(): { ledger: ChunkLedger; capacities: PlaceCapacity[] } {
    const ledger = new ChunkLedger();
    const capacities = this.tiers.folders.map(({ options: { tier, capacityBytes } }) => {
      const place: Place = { tier, node: this.node };
      // What has no checksum yet cannot be moved, but takes room.
      let uncheckedBytes = 0;
      for (const record of this.tiers.inventory.records(tier)) {
        const { path, sizeBytes, lastUsedMs } = record;
        if (isChecked(record)) {
          const copy = { sizeBytes, crc32: record.crc32, lastUsedMs };
          ledger.put({ path, scope: '', keys: NO_KEYS }, place, copy);
        } else uncheckedBytes += sizeBytes;
      }
      return { place, capacityBytes: Math.max(1, capacityBytes - uncheckedBytes) };
    });
    return { ledger, capacities };
  }
}
