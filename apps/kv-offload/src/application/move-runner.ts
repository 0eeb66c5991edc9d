import type { kvnodeV1 } from '@penstock/contracts';
import type { Clock } from '@penstock/core/ports';
import type { ChunkLedger, ChunkView, CopyView, Place, PlannedMove } from '@penstock/core/tiering';
import type { Logger } from 'pino';
import { OBJECT_STORE } from './holder-publisher.js';
import type { MoveLog } from './move-log.js';
import type { NodeFleet } from './node-fleet.js';
import { nodeTier } from './node-tiers.js';
import type { ObjectTier } from './object-tier.js';
import { bytesOf } from './packed-keys.js';
import { Sparing } from './sparing.js';

export interface RunnerOptions {
  readonly ledger: ChunkLedger;
  readonly fleet: NodeFleet;
  /** Undefined where there is no S3. */
  readonly objects: ObjectTier | undefined;
  readonly log: MoveLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly batch: number;
  /** Tells the world what is withdrawn; called before anything is asked of anybody. */
  readonly publishChanges: () => void;
}

/** A copy to be made, or one to be removed. */
interface Flight {
  readonly step: 'copy' | 'remove';
  readonly move: PlannedMove;
  readonly chunk: ChunkView;
  readonly source: CopyView;
  /** Of the copy being made, or of the one being removed. */
  readonly generation: number;
  sinceMs: number;
}

/** What waits for one kv-node, or S3; moves from and to S3 apart from the others, so that these do not wait for it. */
interface Lane {
  readonly executor: string;
  readonly waiting: Flight[];
  /** Calls under way. */
  calls: number;
}

const CALLS_PER_LANE = 2;
/** The node said it removed a copy, but its news did not come for so long. */
const NEWS_MS = 5_000;
const RETRY_MS = 5_000;

/**
 * Carries out moves: reserves them in the ledger, asks the nodes, and brings the ledger to what became of them. What a node
 * did not answer is settled by its next inventory, what S3 did not by asking it; nothing is taken for done before that.
 */
export class MoveRunner {
  readonly spared: Sparing;
  private readonly lanes = new Map<string, Lane>();
  private readonly flights = new Set<Flight>();
  /** Removals that were answered, but whose news have not come. */
  private readonly answered = new Set<Flight>();
  /** Removals whose answer did not come. */
  private readonly unsure = new Set<Flight>();
  private stopped = false;

  constructor(private readonly options: RunnerOptions) {
    this.spared = new Sparing(options.clock);
  }

  /** Copies being made and removed. */
  get inFlight(): number {
    return this.flights.size;
  }

  /** Chunks on their way to S3. */
  get copiesToS3(): number {
    let count = 0;
    for (const { step, move } of this.flights) if (step === 'copy' && move.to?.tier === 's3') count++;
    return count;
  }

  /** Chunks on their way from S3 to the node. */
  promotionsTo(node: string): number {
    let count = 0;
    for (const { step, move } of this.flights) {
      if (step === 'copy' && move.from.tier === 's3' && move.to?.node === node) count++;
    }
    return count;
  }

  /** Starts a move; false when the ledger does not allow it any more. */
  start(move: PlannedMove): boolean {
    return move.to ? this.beginCopy(move, move.to) : this.beginRemoval(move);
  }

  /** Sends what waits. */
  pump(): void {
    for (const lane of this.lanes.values()) {
      while (lane.waiting.length > 0 && lane.calls < CALLS_PER_LANE && !this.stopped) {
        void this.send(lane, lane.waiting.splice(0, this.options.batch));
      }
    }
  }

  /** Settles removals that were left open; call now and then. */
  sweep(): void {
    const { ledger, fleet, clock } = this.options;
    const nowMs = clock.nowMs();
    for (const flight of this.answered) {
      const { move, generation } = flight;
      const copy = ledger.copy(move.path, move.from);
      if (copy?.generation === generation && nowMs - flight.sinceMs < NEWS_MS) continue;
      this.answered.delete(flight);
      // Gone before, or written again before its end was told: the next inventory says which.
      if (!ledger.drop(move.path, move.from, generation)) continue;
      fleet.get(move.from.node ?? OBJECT_STORE)?.relist('the end of a copy was not told');
    }
    for (const flight of this.unsure) {
      const { node } = flight.move.from;
      const copy = ledger.copy(flight.move.path, flight.move.from);
      const isOpen = copy?.generation === flight.generation && copy.state === 'deleting';
      const isTooSoon = node === undefined ? nowMs - flight.sinceMs < RETRY_MS : !fleet.get(node)?.client;
      // Of a node that does not come back, nothing is open once it is forgotten.
      if (isOpen && isTooSoon) continue;
      this.unsure.delete(flight);
      if (isOpen) this.enqueue(flight);
    }
    this.spared.sweep();
  }

  /** What is under way goes on at the nodes; the next leader learns what became of it, and nothing is told any more. */
  stop(): void {
    this.stopped = true;
  }

  private beginCopy(move: PlannedMove, to: Place): boolean {
    const { ledger, clock } = this.options;
    const { path, from } = move;
    const chunk = ledger.chunk(path);
    const source = ledger.copy(path, from);
    if (!chunk || !source || ledger.beginRead(path, from, move.removeSource) === undefined) return false;
    const lastUsedMs = move.reason === 'predicted-hit' ? clock.nowMs() : source.lastUsedMs;
    const generation = ledger.beginWrite(path, to, { ...source, lastUsedMs });
    if (generation === undefined) {
      ledger.endRead(path, from, source.generation);
      return false;
    }
    this.enqueue({ step: 'copy', move, chunk, source, generation, sinceMs: clock.nowMs() });
    return true;
  }

  private beginRemoval(move: PlannedMove): boolean {
    const { ledger, clock } = this.options;
    const chunk = ledger.chunk(move.path);
    const source = ledger.copy(move.path, move.from);
    const generation = ledger.beginDelete(move.path, move.from);
    if (!chunk || !source || generation === undefined) return false;
    this.enqueue({ step: 'remove', move, chunk, source, generation, sinceMs: clock.nowMs() });
    return true;
  }

  private enqueue(flight: Flight): void {
    const { from, to } = flight.move;
    const executor = (flight.step === 'copy' ? (to?.node ?? from.node) : from.node) ?? OBJECT_STORE;
    const isWithS3 = flight.step === 'copy' && (from.tier === 's3' || to?.tier === 's3');
    const name = `${executor} ${isWithS3}`;
    const lane = this.lanes.get(name) ?? { executor, waiting: [], calls: 0 };
    this.lanes.set(name, lane);
    lane.waiting.push(flight);
    this.flights.add(flight);
  }

  private async send(lane: Lane, flights: Flight[]): Promise<void> {
    const { publishChanges, log, logger } = this.options;
    const { executor } = lane;
    lane.calls++;
    publishChanges();
    try {
      if (executor === OBJECT_STORE) await this.removeObjects(flights);
      else await this.askNode(executor, flights);
    } catch (error) {
      logger.error({ err: error }, 'moves could not be settled');
    } finally {
      for (const flight of flights) this.flights.delete(flight);
      lane.calls--;
      if (!this.stopped) {
        publishChanges();
        log.publishAll();
        this.pump();
      }
    }
  }

  private async askNode(node: string, flights: Flight[]): Promise<void> {
    const link = this.options.fleet.get(node);
    if (!link?.client) {
      for (const flight of flights) this.refuse(flight, 'unreachable', 'the kv-node is not connected');
      return;
    }
    let results: kvnodeV1.MoveResult[];
    try {
      results = await link.client.move(flights.map(messageOf));
      if (results.length !== flights.length)
        throw new Error(`${results.length} answers to ${flights.length}`);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      for (const flight of flights) this.leaveOpen(flight, why);
      link.relist(`moves were not answered: ${why}`);
      return;
    }
    for (const [i, flight] of flights.entries()) {
      const result = results[i] as kvnodeV1.MoveResult;
      const isGone = flight.step === 'remove' && result.problem === 'missing';
      if (result.problem === '' || isGone) this.settle(flight, result.durationMs);
      else this.refuse(flight, result.problem, result.message);
    }
  }

  private async removeObjects(flights: Flight[]): Promise<void> {
    const { objects, clock } = this.options;
    const startMs = clock.nowMs();
    try {
      await objects?.remove(flights.map(({ move }) => move.path));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      for (const flight of flights) this.leaveOpen(flight, why);
      return;
    }
    for (const flight of flights) this.settle(flight, clock.nowMs() - startMs);
  }

  private settle(flight: Flight, durationMs: number): void {
    const { ledger, log, clock } = this.options;
    const { step, move, source, generation } = flight;
    const { path, from, to } = move;
    log.done({ ...recordOf(flight), bytes: source.sizeBytes, durationMs });
    if (step === 'remove') {
      // A node's own news say when a copy is gone: earlier news of it may still be under way.
      if (from.node === undefined) ledger.drop(path, from, generation);
      else this.answered.add(Object.assign(flight, { sinceMs: clock.nowMs() }));
      return;
    }
    ledger.commitWrite(path, to as Place, generation);
    ledger.endRead(path, from, source.generation);
    const state = ledger.copy(path, to as Place)?.state;
    if (move.removeSource && (state === 'valid' || state === 'reading')) this.beginRemoval(move);
  }

  private refuse(flight: Flight, problem: string, message: string): void {
    const { ledger, log, objects } = this.options;
    const { step, move, source, generation } = flight;
    const { path, from, to } = move;
    log.failed(recordOf(flight), problem, message);
    this.spared.spare(path, problem);
    if (step === 'remove') {
      ledger.revive(path, from, generation);
      return;
    }
    this.endCopy(flight);
    if (to?.tier === 's3' && problem === 'unreachable') objects?.suspect(message);
    if (from.tier !== 's3') return;
    if (problem === 'missing') void objects?.check(path);
    const isDamaged = problem === 'checksum' || problem === 'size';
    if (isDamaged && ledger.copy(path, from)?.generation === source.generation) {
      this.beginRemoval({ path, from, removeSource: true, bytes: move.bytes, reason: 'corrupt' });
    }
  }

  /** Nobody knows what became of it. */
  private leaveOpen(flight: Flight, why: string): void {
    const { ledger, log, objects, clock } = this.options;
    const { step, move, source } = flight;
    log.failed(recordOf(flight), 'unanswered', why);
    this.spared.spare(move.path, 'unanswered');
    if (step === 'remove') {
      this.unsure.add(Object.assign(flight, { sinceMs: clock.nowMs() }));
      return;
    }
    ledger.endRead(move.path, move.from, source.generation);
    // A node's next inventory has the copy or not; S3 has to be asked.
    if (move.to?.tier === 's3') void objects?.check(move.path);
  }

  private endCopy({ move, source, generation }: Flight): void {
    const { ledger } = this.options;
    ledger.endRead(move.path, move.from, source.generation);
    const copy = ledger.copy(move.path, move.to as Place);
    if (copy?.state === 'writing') ledger.drop(move.path, move.to as Place, generation);
  }
}

function recordOf({ step, move, chunk }: Flight) {
  const { path, from, reason } = move;
  const to = step === 'copy' ? move.to : undefined;
  const { scope, keys } = chunk;
  return { path, scope, keys, node: to?.node ?? from.node, from: from.tier, to: to?.tier, reason };
}

function messageOf({ step, move, chunk, source }: Flight): kvnodeV1.ChunkMove {
  const { path, from, to } = move;
  return {
    path,
    from: nodeTier(from.tier),
    to: nodeTier(step === 'copy' ? to?.tier : undefined),
    // A source goes in a second step, when what replaces it was announced and it was withdrawn.
    removeSource: step === 'remove',
    chunk: {
      path,
      scope: chunk.scope,
      blockKeys: bytesOf(chunk.keys),
      sizeBytes: String(source.sizeBytes),
      crc32: source.crc32,
    },
  };
}
