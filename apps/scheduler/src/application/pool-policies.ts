import {
  ApproximatePrefixIndex,
  createPolicy,
  POLICY_NAMES,
  type RoutingPolicy,
} from '@penstock/core/routing';
import type { FleetPool } from './fleet.js';

interface PoolState {
  requested: string;
  policy: RoutingPolicy;
  readonly approximate: ApproximatePrefixIndex;
}

/** The routing policy of each pool: its annotation when valid, else the default. Changes apply to the next request. */
export class PoolPolicies {
  private readonly pools = new Map<string, PoolState>();

  constructor(
    private readonly defaultName: string,
    private readonly onChange: (pool: string, policy: string, refused: string | undefined) => void = () => {},
  ) {
    createPolicy(defaultName);
  }

  of(pool: FleetPool): RoutingPolicy {
    return this.state(pool).policy;
  }

  /** Guesses of where prefixes are, from where requests went; kept whatever the policy, so a change starts warm. */
  approximateOf(pool: FleetPool): ApproximatePrefixIndex {
    return this.state(pool).approximate;
  }

  /** Forgets guesses about an engine that restarted or left. */
  forgetEndpoint(address: string): void {
    for (const { approximate } of this.pools.values()) approximate.removeEndpoint(address);
  }

  /** Pools whose annotation names no policy: they use the default. */
  refused(): Array<{ pool: string; requested: string }> {
    return [...this.pools]
      .filter(([, { requested, policy }]) => requested !== policy.name)
      .map(([pool, { requested }]) => ({ pool, requested }));
  }

  private state(pool: FleetPool): PoolState {
    const id = `${pool.namespace}/${pool.name}`;
    const requested = pool.policyName ?? this.defaultName;
    let state = this.pools.get(id);
    if (state?.requested === requested) return state;
    const known = (POLICY_NAMES as readonly string[]).includes(requested);
    const policy = createPolicy(known ? requested : this.defaultName);
    if (state) {
      state.requested = requested;
      state.policy = policy;
    } else {
      state = { requested, policy, approximate: new ApproximatePrefixIndex() };
      this.pools.set(id, state);
    }
    this.onChange(id, policy.name, known ? undefined : requested);
    return state;
  }
}
