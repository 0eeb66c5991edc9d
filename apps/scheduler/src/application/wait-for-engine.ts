import type { Clock } from '@penstock/core/ports';
import { WaitingRoom, type WaitingRoomLimits, type WaitingSeat } from '@penstock/core/routing';
import type { Held } from './demand-reports.js';
import type { Fleet, FleetPool } from './fleet.js';

/** How a wait ended. Only after `released` there is an engine. */
export type WaitOutcome =
  | 'released'
  /** The room is full, or others had a better right to the seat. */
  | 'full'
  | 'timed-out'
  | 'client-gone'
  | 'stopping';

/** A request that waits. */
export interface Waiter {
  readonly targetModel: string;
  readonly promptTokens: number;
  readonly bodyBytes: number;
  /** When it first began to wait, by the clock. */
  readonly sinceMs: number;
  readonly signal: AbortSignal;
}

export interface WaitForEngineDependencies extends WaitingRoomLimits {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly onEnd: (pool: string, outcome: WaitOutcome, waitedMs: number) => void;
}

interface Place extends Waiter {
  readonly end: (outcome: WaitOutcome) => void;
}

/** One look at all queues: the longest that a request waits for an engine that is there. */
const SWEEP_MS = 20;
/**
 * Requests let go per usable engine and sweep: a thousand at once would be decided before the first of them shows in
 * any engine's figures, and would hold up everything else.
 */
const RELEASED_PER_ENGINE = 16;

/** Holds requests for pools that have no usable engine but are expected to get one. */
export class WaitForEngine {
  private readonly room: WaitingRoom<Place>;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  /** Called when somebody waits for a pool for which nobody did. */
  onFirst: (namespace: string, pool: string) => void = () => {};

  constructor(private readonly deps: WaitForEngineDependencies) {
    this.room = new WaitingRoom(deps);
  }

  get requests(): number {
    return this.room.requests;
  }

  get bytes(): number {
    return this.room.bytes;
  }

  /** Whether somebody waits for the pool: a newcomer then stands in line. */
  isHolding({ namespace, name }: FleetPool): boolean {
    return this.room.holds(`${namespace}/${name}`);
  }

  /** Requests waiting per pool, for metrics. */
  *pools(): IterableIterator<readonly [pool: string, requests: number]> {
    for (const { queue, requests } of this.room.states()) yield [queue, requests];
  }

  /** What waits for a pool, by target model. */
  held(namespace: string, pool: string): ReadonlyMap<string, Held> {
    const models = new Map<string, Held>();
    for (const { targetModel, promptTokens } of this.room.waiting(`${namespace}/${pool}`)) {
      const { requests, tokens } = models.get(targetModel) ?? { requests: 0, tokens: 0 };
      models.set(targetModel, { requests: requests + 1, tokens: tokens + promptTokens });
    }
    return models;
  }

  /** Resolves when an engine of the pool can take the request and all that came before it, or when it never will. */
  wait({ namespace, name }: FleetPool, waiter: Waiter): Promise<WaitOutcome> {
    const queue = `${namespace}/${name}`;
    const { promise, resolve } = Promise.withResolvers<WaitOutcome>();
    const enteredAtMs = this.deps.clock.nowMs();
    const place: Place = {
      ...waiter,
      end: (outcome) => {
        waiter.signal.removeEventListener('abort', leave);
        this.deps.onEnd(queue, outcome, this.deps.clock.nowMs() - enteredAtMs);
        resolve(outcome);
      },
    };
    let seat: WaitingSeat<Place> | undefined;
    const leave = () => {
      if (seat && this.room.leave(seat)) place.end('client-gone');
    };
    if (waiter.signal.aborted || this.stopping) {
      place.end(this.stopping ? 'stopping' : 'client-gone');
      return promise;
    }
    const first = !this.room.holds(queue);
    const entrance = this.room.enter(queue, place, waiter.bodyBytes, waiter.sinceMs);
    if (entrance.kind === 'full') {
      place.end('full');
      return promise;
    }
    for (const { item } of entrance.displaced) item.end('full');
    seat = entrance.seat;
    waiter.signal.addEventListener('abort', leave, { once: true });
    if (first) this.onFirst(namespace, name);
    this.timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref();
    return promise;
  }

  /** Sends everybody away and lets nobody in any more. */
  stop(): void {
    this.stopping = true;
    for (const { item } of this.room.clear()) item.end('stopping');
    this.rest();
  }

  private sweep(): void {
    for (const { queue } of [...this.room.states()]) {
      const engines = this.usableEngines(queue);
      if (engines === 0) continue;
      for (const { item } of this.room.release(queue, engines * RELEASED_PER_ENGINE)) item.end('released');
    }
    for (const { item } of this.room.expire(this.deps.clock.nowMs())) item.end('timed-out');
    this.rest();
  }

  private rest(): void {
    if (this.room.requests > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private usableEngines(queue: string): number {
    const [namespace = '', name = ''] = queue.split('/');
    const pool = this.deps.fleet.pool(namespace, name);
    return pool === undefined
      ? 0
      : pool.endpoints.filter((e) => e.excluded === undefined && e.answers).length;
  }
}
