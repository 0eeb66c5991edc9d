import { DEFAULT_SCALING_OPTIONS, type ScalingOptions } from '@penstock/core/scaling';
import type { AutoscalerConfig } from '../config.js';

/** Settings of the recommendation, as configured. */
export function scalingOptions(config: AutoscalerConfig): ScalingOptions {
  const { kvThreshold, queueThreshold, upUtilisation, downUtilisation } = config;
  const { upPeriodMs, upShare, upReplicas, downWindowMs, idleMs, pendingTimeoutMs } = config;
  return {
    ...DEFAULT_SCALING_OPTIONS,
    ...{ kvThreshold, queueThreshold, upUtilisation, downUtilisation },
    ...{ upPeriodMs, upShare, upReplicas, downWindowMs, idleMs, pendingTimeoutMs },
  };
}
