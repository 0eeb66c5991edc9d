import type { InstanceRegistration } from '../../application/instance-registry.js';
import type { InstanceMatch } from '../../application/match-instances.js';
import type { MediaMatch } from '../../application/match-media.js';

/** As Mooncake's Conductor answers: a block counts on every medium it is on. `{}` when the tenant has no such instance. */
export function conductorMatches(tenantId: string, matches: readonly InstanceMatch[]): object {
  if (matches.length === 0) return {};
  const instances = matches.map(({ instanceId, ranks }) => [
    instanceId,
    {
      longest_matched: most(ranks, ({ longest }) => longest),
      GPU: most(ranks, ({ on }) => on.gpu),
      DP: byRank(ranks, ({ longest }) => longest),
      CPU: most(ranks, ({ on }) => on.cpu),
      DISK: most(ranks, ({ on }) => on.disk),
    },
  ]);
  return Object.fromEntries([[tenantId, Object.fromEntries(instances)]]);
}

/**
 * As Dynamo's indexer answers: `scores` and `dp` count the device, `gpu` ≤ `cpu` ≤ `disk` go on where the medium before
 * ends. Instances without a match are left out. `frequencies` counts how often blocks were asked for, which is not counted
 * here.
 */
export function dynamoMatches(matches: readonly InstanceMatch[]): object {
  const found = matches.filter(({ ranks }) => most(ranks, ({ longest }) => longest) > 0);
  const scores = found.map(({ instanceId, ranks }) => [instanceId, byRank(ranks, ({ upTo }) => upTo.gpu)]);
  const instances = found.map(({ instanceId, ranks }) => [
    instanceId,
    {
      longest_matched: most(ranks, ({ longest }) => longest),
      gpu: most(ranks, ({ upTo }) => upTo.gpu),
      dp: byRank(ranks, ({ upTo }) => upTo.gpu),
      cpu: most(ranks, ({ upTo }) => upTo.cpu),
      disk: most(ranks, ({ longest }) => longest),
    },
  ]);
  return {
    scores: Object.fromEntries(scores),
    frequencies: [],
    instances: Object.fromEntries(instances),
  };
}

/** `GET /services` of Mooncake's Conductor. */
export function conductorServices(registrations: readonly InstanceRegistration[]): object {
  const services = registrations.map((one) => ({
    Endpoint: one.endpoint,
    ReplayEndpoint: one.replayEndpoint,
    Type: one.type,
    ModelName: one.model,
    LoraName: '',
    TenantID: one.tenantId,
    InstanceID: one.instanceId,
    BlockSize: one.blockSize,
    DPRank: one.dpRank,
    AdditionalSalt: '',
  }));
  return { count: services.length, services };
}

/** `GET /workers` of Dynamo's indexer. */
export function dynamoWorkers(registrations: readonly InstanceRegistration[]): object[] {
  const byInstance = Map.groupBy(registrations, ({ instanceId }) => instanceId);
  return Array.from(byInstance, ([instance, ranks]) => ({
    instance_id: /^\d{1,15}$/.test(instance) ? Number(instance) : instance,
    endpoints: Object.fromEntries(ranks.map(({ dpRank, endpoint }) => [String(dpRank), endpoint])),
  }));
}

/** As Conductor names a registration. */
export function serviceKey({ instanceId, tenantId, dpRank }: InstanceRegistration): string {
  return `${instanceId}|${tenantId}|${dpRank}`;
}

function most(ranks: InstanceMatch['ranks'], of: (match: MediaMatch) => number): number {
  return Math.max(...Array.from(ranks.values(), of));
}

function byRank(ranks: InstanceMatch['ranks'], of: (match: MediaMatch) => number): Record<string, number> {
  return Object.fromEntries(Array.from(ranks, ([rank, match]) => [String(rank), of(match)]));
}
