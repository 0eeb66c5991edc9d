import { type BulkheadPolicy, BulkheadRejectedError, bulkhead } from 'cockatiel';
import type { Logger } from 'pino';
import type { KvNodeMetrics } from '../metrics.js';
import { ChunkProblem, type ProblemCode } from '../tiers/chunk-problem.js';
import type { ChunkTiers } from './chunk-tiers.js';
import { moveChunk } from './move-chunk.js';
import type { MoveOrder } from './move-order.js';

export interface MoveOutcome {
  readonly problem: ProblemCode | '';
  /** One sentence; empty when done. */
  readonly message: string;
  readonly bytes: number;
  readonly durationMs: number;
}

/** Orders that may wait for their turn; more are refused as `busy`. */
const MAX_WAITING = 16_384;

/** Carries out orders, some at a time; those that wait for S3 do not keep the others, which make room, from theirs. */
export class ChunkMover {
  private readonly local: BulkheadPolicy;
  private readonly viaS3: BulkheadPolicy;
  private readonly moving = new Set<Promise<unknown>>();
  private stopping = false;

  constructor(
    private readonly tiers: ChunkTiers,
    private readonly metrics: KvNodeMetrics,
    private readonly logger: Logger,
    concurrency: number,
  ) {
    this.local = bulkhead(concurrency, MAX_WAITING);
    this.viaS3 = bulkhead(concurrency, MAX_WAITING);
  }

  /** Resolves when no order is being carried out any more; those that wait are not begun. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.moving);
  }

  /** One outcome per order, in order. */
  moveAll(orders: readonly MoveOrder[]): Promise<MoveOutcome[]> {
    return Promise.all(orders.map((order) => this.move(order)));
  }

  private async move(order: MoveOrder): Promise<MoveOutcome> {
    const limit = order.from === 's3' || order.to === 's3' ? this.viaS3 : this.local;
    try {
      return await limit.execute(() => this.track(this.carryOut(order)));
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error;
      const message = `${MAX_WAITING} orders wait already; try again`;
      this.metrics.countMove(order.from, order.to, 'busy', 0, 0);
      return { problem: 'busy', message, bytes: 0, durationMs: 0 };
    }
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.moving.add(work);
    return work.finally(() => this.moving.delete(work));
  }

  private async carryOut(order: MoveOrder): Promise<MoveOutcome> {
    const startMs = performance.now();
    let outcome: Omit<MoveOutcome, 'durationMs'>;
    try {
      if (this.stopping) throw new ChunkProblem('busy', 'this kv-node is stopping; try again');
      outcome = { problem: '', message: '', bytes: await moveChunk(this.tiers, order) };
    } catch (error) {
      const problem = error instanceof ChunkProblem ? error.code : 'unreadable';
      outcome = { problem, message: (error as Error).message, bytes: 0 };
      if (!(error instanceof ChunkProblem))
        this.logger.error({ err: error, path: order.path }, 'a move failed');
    }
    const durationMs = performance.now() - startMs;
    this.metrics.countMove(order.from, order.to, outcome.problem, outcome.bytes, durationMs);
    return { ...outcome, durationMs };
  }
}
