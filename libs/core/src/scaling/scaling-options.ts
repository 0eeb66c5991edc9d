/** Settings of a recommendation. */
export interface ScalingOptions {
  /** Share of an engine's KV cache that counts as capacity: above it vLLM begins to preempt. */
  readonly kvThreshold: number;
  /** Waiting requests from which on a replica counts as saturated. */
  readonly queueThreshold: number;
  /** A replica must be saturated this long before its load is taken for the most it can carry. */
  readonly saturatedForMs: number;
  /** Scale up when demand exceeds this share of the capacity. */
  readonly upUtilisation: number;
  /** Scale down when demand would stay below this share of what is left. */
  readonly downUtilisation: number;
  /** Within one period at most `max(upShare × replicas, upReplicas)` are added. */
  readonly upPeriodMs: number;
  readonly upShare: number;
  readonly upReplicas: number;
  /** Fewer replicas must have been enough for this long, and nothing have changed, before one is removed. */
  readonly downWindowMs: number;
  /** Without any request for this long a pool may go to zero. */
  readonly idleMs: number;
  /** A replica that does not start for this long is no longer counted on. */
  readonly pendingTimeoutMs: number;
  /** Share of the ready replicas whose load must be known; below it nothing is decided. */
  readonly minKnownShare: number;
  /** Tokens of a request before any was seen. */
  readonly assumedInputTokens: number;
  readonly assumedOutputTokens: number;
  /** Capacities that were observed are forgotten after this long. */
  readonly memoryMs: number;
}

const MINUTE_MS = 60_000;

/**
 * KV and queue thresholds, utilisations: llm-d's saturation analyzer v2. Step: the scale-up policy of Kubernetes'
 * HorizontalPodAutoscaler, over the 60 s of llm-d's SLO-aware guide. The window is shorter than the HPA's 300 s because
 * load arrives here every second instead of as an average over minutes, and it is not shorter because a new engine
 * takes one to two minutes to start, so that a removal which is regretted costs more than a minute of idling.
 */
export const DEFAULT_SCALING_OPTIONS: ScalingOptions = {
  kvThreshold: 0.8,
  queueThreshold: 5,
  saturatedForMs: 3_000,
  upUtilisation: 0.85,
  downUtilisation: 0.7,
  upPeriodMs: MINUTE_MS,
  upShare: 1,
  upReplicas: 4,
  downWindowMs: MINUTE_MS,
  idleMs: 10 * MINUTE_MS,
  pendingTimeoutMs: 10 * MINUTE_MS,
  minKnownShare: 0.5,
  assumedInputTokens: 1_024,
  assumedOutputTokens: 256,
  memoryMs: 24 * 60 * MINUTE_MS,
};
