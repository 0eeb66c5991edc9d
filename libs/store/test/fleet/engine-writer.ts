import type { BlockStore, StoredDelta, StoredEngine } from '@penstock/core/ports';

const POOL = ['ns', 'pool'] as const;

/** An engine's ingester as the port means it: deltas in order, and the whole state after anything but a yes. */
export class EngineWriter {
  readonly held = new Map<bigint, readonly [key: bigint, check: number]>();
  sequence = 0;
  needsAll = false;
  busy = false;
  /** Errors of the store, by text. */
  readonly errors = new Map<string, number>();
  private made = 0;

  constructor(
    private readonly store: BlockStore,
    readonly engineId: string,
    private readonly seed: number,
    readonly incarnation = 1,
    private readonly most = 50,
  ) {}

  /** Stores `count` new blocks and removes the oldest above the limit, unless a write is under way. */
  async turnOver(count: number): Promise<void> {
    if (this.busy) return;
    const stored = Array.from({ length: count }, () => this.newBlock());
    for (const [hash, ...rest] of stored) this.held.set(hash, rest);
    const removed = [...this.held.keys()].slice(0, Math.max(0, this.held.size - this.most));
    for (const hash of removed) this.held.delete(hash);
    this.sequence++;
    if (this.needsAll) await this.writeAll();
    else await this.attempt(() => this.store.append(...POOL, this.deltaOf(stored, removed)));
  }

  async writeAll(): Promise<void> {
    this.needsAll = false;
    await this.attempt(() => this.store.replace(...POOL, this.whole()));
  }

  private async attempt(write: () => Promise<boolean>): Promise<void> {
    this.busy = true;
    try {
      if (!(await write())) this.needsAll = true;
    } catch (error) {
      const { message } = error as Error;
      this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
      this.needsAll = true;
    } finally {
      this.busy = false;
    }
  }

  private newBlock(): readonly [hash: bigint, key: bigint, check: number] {
    const n = BigInt(this.seed * 1_000_000 + ++this.made);
    const mixed = BigInt.asUintN(64, n * 0x9e37_79b9_7f4a_7c15n);
    return [mixed, mixed ^ 0xffffn, Number(mixed >> 40n) | 1];
  }

  private deltaOf(
    stored: ReadonlyArray<readonly [bigint, bigint, number]>,
    removed: readonly bigint[],
  ): StoredDelta {
    const { engineId, incarnation, sequence } = this;
    return {
      engineId,
      incarnation,
      sequence,
      engineSequence: sequence,
      cleared: false,
      removed: [{ tier: 'gpu', engineHashes: BigUint64Array.from(removed) }],
      changes: [pairsOf(stored)],
    };
  }

  private whole(): StoredEngine {
    const { engineId, incarnation, sequence } = this;
    const blocks = [pairsOf([...this.held].map(([hash, [key, check]]) => [hash, key, check] as const))];
    return { engineId, incarnation, sequence, engineSequence: sequence, facts: {}, blocks };
  }
}

function pairsOf(blocks: ReadonlyArray<readonly [bigint, bigint, number]>) {
  return {
    tier: 'gpu' as const,
    engineHashes: BigUint64Array.from(blocks, ([hash]) => hash),
    keys: BigUint64Array.from(blocks, ([, key]) => key),
    checks: Uint32Array.from(blocks, ([, , check]) => check),
  };
}
