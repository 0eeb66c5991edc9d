import type { DecisionCode } from '@penstock/core/scaling';
import type { Evaluation } from './evaluate-pools.js';
import type { VariantProblem } from './variant-view.js';

/** A condition without its times. */
export interface Finding {
  readonly type:
    | 'TargetResolved'
    | 'MetricsAvailable'
    | 'OptimizationReady'
    | 'AbleToScale'
    | 'ScalingLimited';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** Conditions of a variant that cannot be acted upon. */
export function problemFindings({ reason, message }: VariantProblem): Finding[] {
  const isConfiguration = reason === 'InvalidConfiguration';
  const isTarget = reason === 'TargetNotFound' || reason === 'UnsupportedKind';
  const skipped = { status: 'False', reason: 'SkippedProcessing', message } as const;
  return [
    isTarget
      ? { type: 'TargetResolved', status: 'False', reason, message }
      : isConfiguration
        ? { type: 'TargetResolved', ...skipped, status: 'Unknown' }
        : { type: 'TargetResolved', status: 'True', reason: 'TargetFound', message: 'the target exists' },
    { type: 'MetricsAvailable', ...skipped, status: 'Unknown' },
    { type: 'OptimizationReady', ...skipped, reason: isConfiguration ? reason : 'SkippedProcessing' },
    { type: 'AbleToScale', status: 'False', reason, message },
  ];
}

/** Conditions of a variant with a recommendation. @param failure why the last write was refused */
export function decisionFindings(
  { situation, decision }: Evaluation,
  failure: string | undefined,
): Finding[] {
  const { target, pool, ownedByHpa } = situation.variant;
  const { code, reason: message } = decision;
  const isMeasured = !code.startsWith('hold-no-');
  const found = `${target.kind.kind} "${target.name}" serves pool "${pool.name}"`;
  return [
    { type: 'TargetResolved', status: 'True', reason: 'TargetFound', message: found },
    isMeasured
      ? {
          type: 'MetricsAvailable',
          status: 'True',
          reason: 'MetricsFound',
          message: 'demand and load are known',
        }
      : { type: 'MetricsAvailable', status: 'False', reason: missing(code, decision), message },
    isMeasured
      ? { type: 'OptimizationReady', status: 'True', reason: 'OptimizationSucceeded', message }
      : { type: 'OptimizationReady', status: 'False', reason: 'MetricsUnavailable', message },
    able(ownedByHpa, failure),
    limited(code, message),
  ];
}

function missing(code: DecisionCode, { demand }: Evaluation['decision']): string {
  const isStale = code === 'hold-no-demand' ? demand !== undefined : Boolean(demand?.dropped['stale-engine']);
  return isStale ? 'MetricsStale' : 'MetricsMissing';
}

function able(ownedByHpa: string | undefined, failure: string | undefined): Finding {
  if (ownedByHpa !== undefined) {
    const message = `HorizontalPodAutoscaler "${ownedByHpa}" scales the target: the recommendation is published, not applied`;
    return { type: 'AbleToScale', status: 'False', reason: 'OwnedByHPA', message };
  }
  if (failure !== undefined)
    return { type: 'AbleToScale', status: 'False', reason: 'FailedUpdateScale', message: failure };
  const message = 'the target is scaled by Penstock';
  return { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message };
}

const LIMITS: Partial<Record<DecisionCode, string>> = {
  'at-max': 'TooManyReplicas',
  'above-max': 'TooManyReplicas',
  'below-min': 'TooFewReplicas',
  'step-limit': 'ScaleUpLimit',
};

function limited(code: DecisionCode, message: string): Finding {
  const reason = LIMITS[code];
  return reason
    ? { type: 'ScalingLimited', status: 'True', reason, message }
    : {
        type: 'ScalingLimited',
        status: 'False',
        reason: 'DesiredWithinRange',
        message: 'no limit is in the way',
      };
}
