import { DEFAULT_SCALING_OPTIONS, type ScalingOptions } from '@penstock/core/scaling';
import { ConfigError } from '@penstock/platform';
import type { AutoscalerConfig } from '../config.js';

/** Settings of the recommendation, as configured. @throws ConfigError when they would make it go up and down for ever */
export function scalingOptions(config: AutoscalerConfig): ScalingOptions {
  const { kvThreshold, queueThreshold, upUtilisation, downUtilisation } = config;
  const { upPeriodMs, upShare, upReplicas, downWindowMs, idleMs, pendingTimeoutMs } = config;
  if (downUtilisation >= upUtilisation) {
    throw new ConfigError('autoscaler', [
      `--down-utilisation (${downUtilisation}) must be below --up-utilisation (${upUtilisation}): what is removed at the one would be added again at the other`,
    ]);
  }
  return {
    ...DEFAULT_SCALING_OPTIONS,
    ...{ kvThreshold, queueThreshold, upUtilisation, downUtilisation },
    ...{ upPeriodMs, upShare, upReplicas, downWindowMs, idleMs, pendingTimeoutMs },
  };
}
