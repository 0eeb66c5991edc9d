import type { autoscalerV1 } from '@penstock/contracts';
import type { Evaluation } from '../application/evaluate-pools.js';

/** A recommendation as gRPC says it. */
export function recommendationMessage({ situation, decision }: Evaluation): autoscalerV1.Recommendation {
  const { pool, role, target, ownedByHpa } = situation.variant;
  const { figures, values, demand } = decision;
  return {
    time: new Date(decision.atMs).toISOString(),
    poolNamespace: pool.namespace,
    pool: pool.name,
    role,
    targetKind: target.kind.kind,
    targetName: target.name,
    current: decision.current,
    desired: decision.desired,
    code: decision.code,
    reason: decision.reason,
    notApplied: ownedByHpa === undefined ? '' : `HorizontalPodAutoscaler "${ownedByHpa}" scales the target`,
    replicas: {
      spec: target.specReplicas,
      ready: figures.ready,
      pending: figures.pending,
      draining: figures.draining,
      unknown: figures.unknown,
      saturated: figures.saturated,
      stuck: figures.stuck,
      min: figures.variant.minReplicas,
      max: figures.variant.maxReplicas,
    },
    capacity: {
      kvBoundTokens: figures.kvBoundTokens ?? 0,
      computeBoundTokens: figures.computeBoundTokens ?? 0,
      supplyTokens: values.supplyTokens,
      anticipatedTokens: values.anticipatedTokens,
      requiredTokens: values.requiredTokens,
      spareTokens: values.spareTokens,
      stepLeft: values.stepLeft,
    },
    demand: {
      tokens: values.demandTokens,
      assuredTokens: values.assuredTokens,
      windowTokens: values.windowTokens,
      windowMs: values.windowMs,
      requestTokens: values.requestTokens,
      schedulers: demand?.schedulers ?? 0,
      reportAgeMs: demand?.reportAgeMs ?? 0,
      requestsPerSecond: demand?.requestsPerSecond ?? 0,
      inFlight: demand?.inFlight ?? 0,
      held: demand?.held ?? 0,
      meanInputTokens: demand?.meanInputTokens ?? 0,
      meanOutputTokens: demand?.meanOutputTokens ?? 0,
      idleForMs: demand?.idleForMs ?? 0,
      dropped: { ...demand?.dropped },
    },
  };
}
