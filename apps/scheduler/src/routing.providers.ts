import { randomInt } from 'node:crypto';
import type { FactoryProvider } from '@nestjs/common';
import { SpeculativeBlocks } from '@penstock/core/kv';
import type { Clock } from '@penstock/core/ports';
import { LoadLedger } from '@penstock/core/routing';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import type { Fleet } from './application/fleet.js';
import { PickEndpoint } from './application/pick-endpoint.js';
import { PoolPolicies } from './application/pool-policies.js';
import type { PrefixView } from './application/prefix-view.js';
import { tierCreditsOf } from './application/tier-credits-setting.js';
import { CLOCK, FLEET, PREFIX_VIEW } from './application/tokens.js';
import type { Config } from './config.js';
import { SchedulerMetrics } from './metrics.js';

type Context = ServiceContext<Config>;

/** What decides where requests go, out of what is known in memory. */
export const routingProviders: FactoryProvider[] = [
  { provide: LoadLedger, useFactory: () => new LoadLedger() },
  {
    provide: SpeculativeBlocks,
    useFactory: ({ config }: Context) => new SpeculativeBlocks({ ttlMs: config.speculativeTtlMs }),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: PoolPolicies,
    useFactory: ({ config, logger }: Context, metrics: SchedulerMetrics) =>
      new PoolPolicies(config.routingPolicy, (pool, policy, refused) => {
        metrics.usesPolicy(pool, policy, refused !== undefined);
        if (refused === undefined) logger.info({ pool, policy }, 'routing policy');
        else
          logger.warn(
            { pool, policy, reason: `unknown routing policy "${refused.slice(0, 100)}"` },
            'default routing policy used',
          );
      }),
    inject: [SERVICE_CONTEXT, SchedulerMetrics],
  },
  {
    provide: PickEndpoint,
    useFactory: (
      fleet: Fleet,
      prefixes: PrefixView,
      policies: PoolPolicies,
      ledger: LoadLedger,
      speculative: SpeculativeBlocks,
      clock: Clock,
      { config, instance }: Context,
    ) =>
      new PickEndpoint({
        ...{ fleet, prefixes, policies, ledger, speculative, clock },
        ...{ credits: tierCreditsOf(config.tierCredits), scheduler: instance, seed: randomInt(2 ** 31) },
      }),
    inject: [FLEET, PREFIX_VIEW, PoolPolicies, LoadLedger, SpeculativeBlocks, CLOCK, SERVICE_CONTEXT],
  },
];
