import { type VariantAutoscaling, variantAutoscalingKind } from '@penstock/contracts';
import { type Clock, type Cluster, ClusterError } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { AutoscalerMetrics } from '../metrics.js';
import { acceleratorOf } from './accelerator-of.js';
import type { Evaluation } from './evaluate-pools.js';
import { decisionFindings, type Finding, problemFindings } from './variant-conditions.js';
import type { VariantProblem } from './variant-view.js';

type Status = NonNullable<VariantAutoscaling['status']>;

/** What only tells the time or the figures of the moment is written this often. */
const REFRESH_MS = 60_000;

export interface StatusReporterOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: AutoscalerMetrics;
  readonly mayWrite: () => boolean;
}

/** Keeps the status of VariantAutoscalings. Written when something changed, and once a minute for the rest. */
export class StatusReporter {
  private readonly running = new Set<string>();

  constructor(private readonly options: StatusReporterOptions) {}

  async problem(problem: VariantProblem): Promise<void> {
    await this.write(problem.key, problem.object, problemFindings(problem), undefined);
  }

  async decided(evaluation: Evaluation, failure: string | undefined): Promise<void> {
    const { variant } = evaluation.situation;
    const { desired } = evaluation.decision;
    const allocation = { accelerator: acceleratorOf(variant.object), numReplicas: desired };
    const applied = variant.target.specReplicas === desired;
    const findings = decisionFindings(evaluation, failure);
    await this.write(variant.key, variant.object, findings, { allocation, applied });
  }

  private async write(
    key: string,
    object: VariantAutoscaling,
    findings: readonly Finding[],
    outcome: { allocation: { accelerator: string; numReplicas: number }; applied: boolean } | undefined,
  ): Promise<void> {
    const { cluster, clock, metrics, logger, mayWrite } = this.options;
    const now = new Date(clock.nowMs()).toISOString();
    const before = object.status ?? {};
    const lastRunTime = { lastRunTime: now };
    const after: Status = {
      ...(outcome
        ? {
            desiredOptimizedAlloc: { ...outcome.allocation, ...lastRunTime },
            actuation: { applied: outcome.applied },
          }
        : {}),
      conditions: findings.map((finding) => conditionOf(finding, before, object.metadata.generation, now)),
    };
    const isDue = clock.nowMs() - lastWritten(before) >= REFRESH_MS;
    if (this.running.has(key) || !mayWrite()) return;
    if (essence(before) === essence(after) && !(isDue && outcome)) return;
    this.running.add(key);
    try {
      const { namespace, name } = object.metadata;
      // A merge patch leaves what it does not name: what no longer holds must be named.
      const status = { desiredOptimizedAlloc: null, actuation: null, ...after };
      await cluster.mergePatch(
        variantAutoscalingKind,
        namespace,
        name,
        { status },
        { subresource: 'status' },
      );
      metrics.countWrite('status', 'ok');
    } catch (error) {
      const reason = error instanceof ClusterError ? error.reason : 'error';
      metrics.countWrite('status', reason);
      const message = error instanceof Error ? error.message : String(error);
      if (reason !== 'not-found') logger.warn({ resource: key, reason, message }, 'status not written');
    } finally {
      this.running.delete(key);
    }
  }
}

function conditionOf(finding: Finding, before: Status, generation: number | undefined, now: string) {
  const known = before.conditions?.find(({ type }) => type === finding.type);
  return {
    ...finding,
    message: finding.message.slice(0, 32_768),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: known?.status === finding.status ? known.lastTransitionTime : now,
  };
}

/** What must not wait: everything but times, and messages, which carry the figures of the moment. */
function essence({ desiredOptimizedAlloc, actuation, conditions }: Status): string {
  return JSON.stringify([
    desiredOptimizedAlloc?.accelerator,
    desiredOptimizedAlloc?.numReplicas,
    actuation?.applied,
    conditions?.map(({ type, status, reason, observedGeneration }) => [
      type,
      status,
      reason,
      observedGeneration,
    ]),
  ]);
}

function lastWritten({ desiredOptimizedAlloc }: Status): number {
  const at = Date.parse(desiredOptimizedAlloc?.lastRunTime ?? '');
  return Number.isNaN(at) ? 0 : at;
}
