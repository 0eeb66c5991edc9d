import type { CheckedCopy } from '../inventory/copy-record.js';
import { isChecked } from '../inventory/copy-record.js';
import type { Inventory } from '../inventory/inventory.js';
import type { InventoryChange, RemovedCopy } from '../inventory/inventory-change.js';

/** One message to who follows the inventory. A copy is in at most one of its lists. */
export interface InventoryPart {
  /** True until the whole inventory was sent. */
  readonly listing: boolean;
  readonly stored: readonly CheckedCopy[];
  readonly removed: readonly RemovedCopy[];
}

export interface InventorySink {
  write(part: InventoryPart): void;
  /** Whether what was written so far is on its way; while it is not, nothing more is written. */
  readonly isReady: boolean;
  /** Too much waits: it must begin anew. */
  fail(message: string): void;
}

export interface InventoryStreamOptions {
  /** Copies in one part. */
  readonly partCopies: number;
  /** Copies whose change may wait for a slow follower. */
  readonly maxWaiting: number;
  /** How long changes are gathered. */
  readonly gatherMs: number;
  /** A part is sent at least this often, for the use of the tiers and as a sign of life. */
  readonly beatMs: number;
}

export const DEFAULT_STREAM_OPTIONS: InventoryStreamOptions = {
  partCopies: 512,
  maxWaiting: 65_536,
  gatherMs: 10,
  beatMs: 1000,
};

/** The inventory as one follower gets it: everything, then every change, none lost in between. */
export class InventoryStream {
  private readonly listing: CheckedCopy[];
  private listed = 0;
  private isListed = false;
  /** The newest change of each copy, in the order in which they became the newest. */
  private readonly waiting = new Map<string, InventoryChange>();
  private readonly unlisten: () => void;
  private gathering: NodeJS.Timeout | undefined;
  private readonly beat: NodeJS.Timeout;

  constructor(
    inventory: Inventory,
    private readonly sink: InventorySink,
    private readonly options = DEFAULT_STREAM_OPTIONS,
  ) {
    this.unlisten = inventory.listen((change) => this.note(change));
    this.listing = [...inventory.records('cpu'), ...inventory.records('ssd')].filter(isChecked);
    this.beat = setInterval(() => this.sendBeat(), options.beatMs);
  }

  /** Sends what can be sent; to be called at the beginning and when the sink is ready again. */
  send(): void {
    const { sink, options } = this;
    while (sink.isReady) {
      if (this.listed < this.listing.length) {
        const stored = this.listing.slice(this.listed, this.listed + options.partCopies);
        this.listed += stored.length;
        sink.write({ listing: true, stored, removed: [] });
      } else if (!this.isListed) {
        this.isListed = true;
        this.listing.length = 0;
        this.listed = 0;
        sink.write({ listing: false, stored: [], removed: [] });
      } else if (this.waiting.size > 0) sink.write({ listing: false, ...this.takeWaiting() });
      else return;
    }
  }

  end(): void {
    this.unlisten();
    clearTimeout(this.gathering);
    clearInterval(this.beat);
    this.waiting.clear();
  }

  private note(change: InventoryChange): void {
    const key = `${change.copy.tier}/${change.copy.path}`;
    this.waiting.delete(key);
    this.waiting.set(key, change);
    if (this.waiting.size > this.options.maxWaiting) {
      this.end();
      this.sink.fail(
        `more than ${this.options.maxWaiting} changes wait to be sent; follow the inventory anew`,
      );
      return;
    }
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined;
      this.send();
    }, this.options.gatherMs);
  }

  private takeWaiting(): { stored: CheckedCopy[]; removed: RemovedCopy[] } {
    const stored: CheckedCopy[] = [];
    const removed: RemovedCopy[] = [];
    for (const [key, change] of this.waiting) {
      if (stored.length + removed.length === this.options.partCopies) break;
      this.waiting.delete(key);
      if (change.kind === 'stored') stored.push(change.copy);
      else removed.push(change.copy);
    }
    return { stored, removed };
  }

  private sendBeat(): void {
    if (this.isListed && this.waiting.size === 0 && this.sink.isReady) {
      this.sink.write({ listing: false, stored: [], removed: [] });
    }
  }
}
