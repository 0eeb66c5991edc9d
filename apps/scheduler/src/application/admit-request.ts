import type { Clock } from '@penstock/core/ports';
import type { SchedulerMetrics } from '../metrics.js';
import type { PoolChoice } from './choose-pool.js';
import type { DecisionRecord } from './decision-record.js';
import type { DemandTally } from './demand-tally.js';
import type { Fleet } from './fleet.js';
import type { PickEndpoint, Picked, Refused } from './pick-endpoint.js';
import type { RequestCourse } from './request-course.js';
import type { WaitForEngine } from './wait-for-engine.js';

export interface AdmitDependencies {
  readonly picker: PickEndpoint;
  readonly fleet: Fleet;
  readonly waits: WaitForEngine;
  readonly demand: DemandTally;
  readonly metrics: SchedulerMetrics;
  readonly clock: Clock;
  /** Output length to plan with when the client gave none, in tokens. */
  readonly assumedOutputTokens: number;
}

type DemandOf = Pick<DecisionRecord, 'namespace' | 'pool' | 'targetModel' | 'promptTokens' | 'matchedTokens'>;

/** Finds an engine for a request, at once or, where the pool is expected to get one, after a wait. */
export class AdmitRequest {
  constructor(private readonly deps: AdmitDependencies) {}

  /** Pool and target of a model, drawn once for all attempts of a request; undefined when there is none. */
  choose(model: string): PoolChoice | undefined {
    const choice = this.deps.picker.choose(model);
    return 'code' in choice ? undefined : choice;
  }

  /**
   * Where others wait for the same pool, a newcomer waits behind them. Undefined, without a promise, when nobody waits
   * anywhere.
   */
  standInLine(course: RequestCourse): Promise<void> | undefined {
    const { waits, picker } = this.deps;
    if (waits.requests === 0) return undefined;
    const choice = course.choice ?? picker.choose(course.request.model);
    if ('code' in choice) return undefined;
    course.choice = choice;
    return waits.isHolding(choice.pool) ? this.wait(course, choice).then(() => undefined) : undefined;
  }

  /** An engine for the next attempt, from memory: never waits. */
  pick(course: RequestCourse, lastResort = false): Picked | Refused {
    const { picker, metrics, assumedOutputTokens } = this.deps;
    const { requestId, request, prompt, avoid, choice, waitedMs } = course;
    const startedAtMs = performance.now();
    const picked = picker.pick({
      requestId,
      model: request.model,
      promptTokens: promptTokensOf(course),
      expectedOutputTokens: Math.min(request.maxTokens ?? assumedOutputTokens, assumedOutputTokens),
      avoid,
      lastResort,
      ...(prompt.tokenIds ? { tokenIds: prompt.tokenIds } : {}),
      ...(request.cacheSalt ? { cacheSalt: request.cacheSalt } : {}),
      ...(choice ? { choice } : {}),
      ...(waitedMs === undefined ? {} : { waitedMs }),
    });
    metrics.decided(picked, performance.now() - startedAtMs);
    return picked;
  }

  /**
   * After `pick` found nothing: waits where that is worth it and picks again; at last takes engines that are draining or
   * could not be reached, rather than none.
   *
   * @returns `retry` when the request waited, so that its attempts may start anew
   */
  async insist(course: RequestCourse, refused: Refused): Promise<Picked | Refused | 'retry'> {
    const { choice } = refused;
    if (!choice) return refused;
    if (course.waitFailure === undefined && this.isWorthWaiting(course, choice)) {
      if (await this.wait(course, choice)) return 'retry';
    }
    return course.waitFailure === 'client-gone' ? refused : this.pick(course, true);
  }

  /** Counts a request as demand, once it is clear which pool it is for: one that finds no engine is demand all the same. */
  count(course: RequestCourse, record: DemandOf): void {
    if (course.counted) return;
    course.counted = true;
    const { namespace, pool, targetModel, promptTokens, matchedTokens } = record;
    this.deps.demand.arrived(namespace, pool, targetModel, promptTokens, promptTokens - matchedTokens);
  }

  /** Nothing in the pool takes requests, nothing has answered this one, and the pool is to get an engine. */
  private isWorthWaiting({ last, request }: RequestCourse, { pool, targetModel }: PoolChoice): boolean {
    if (last && last.outcome.reason !== 'connect-failed') return false;
    const { fleet } = this.deps;
    const now = fleet.pool(pool.namespace, pool.name);
    if (!now || now.endpoints.some((endpoint) => endpoint.excluded === undefined)) return false;
    return fleet.expects(now, request.model, targetModel);
  }

  /** True when there is an engine now. */
  private async wait(course: RequestCourse, { pool, targetModel }: PoolChoice): Promise<boolean> {
    const { waits, clock, fleet } = this.deps;
    const { namespace, name } = pool;
    const { bodyBytes, signal } = course;
    const promptTokens = promptTokensOf(course);
    const sinceMs = course.waitingSinceMs ?? clock.nowMs();
    course.waitingSinceMs = sinceMs;
    this.count(course, { namespace, pool: name, targetModel, promptTokens, matchedTokens: 0 });
    const outcome = await waits.wait(pool, { targetModel, promptTokens, bodyBytes, sinceMs, signal });
    course.waitedMs = clock.nowMs() - sinceMs;
    course.avoid.clear();
    // The pool as it is now: the one of before is a picture of its engines then.
    course.choice = { targetModel, pool: fleet.pool(namespace, name) ?? pool };
    if (outcome !== 'released') course.waitFailure = outcome;
    return outcome === 'released';
  }
}

const promptTokensOf = ({ prompt, request }: RequestCourse): number =>
  prompt.tokens + request.furtherPromptTokens;
