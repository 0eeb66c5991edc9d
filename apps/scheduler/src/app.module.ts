import {
  type BeforeApplicationShutdown,
  type FactoryProvider,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type ValueProvider,
} from '@nestjs/common';
import {
  KubernetesCluster,
  logNotices,
  ModelDirectory,
  PoolDirectory,
  VariantDirectory,
} from '@penstock/cluster';
import { SpeculativeBlocks } from '@penstock/core/kv';
import type { Clock, EventBus } from '@penstock/core/ports';
import { LoadLedger } from '@penstock/core/routing';
import { NatsEventBus } from '@penstock/messaging';
import { openReplicaHost, REGISTRY, SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import type { Registry } from 'prom-client';
import { ClusterFleet } from './adapters/cluster-fleet.js';
import { ClusterModels } from './adapters/cluster-models.js';
import { EngineWatch } from './adapters/engine-watch.js';
import { HttpEngineProbe } from './adapters/http-engine-probe.js';
import { KvFollower } from './adapters/kv-follower.js';
import { StatusWriter } from './adapters/status-writer.js';
import { systemClock } from './adapters/system-clock.js';
import { UndiciRelay } from './adapters/undici-relay.js';
import { SchedulerController } from './api/grpc/scheduler.controller.js';
import { OpenAiController } from './api/openai/openai.controller.js';
import { AdmitRequest } from './application/admit-request.js';
import { awaitFleet } from './application/await-fleet.js';
import { CompleteRequest } from './application/complete-request.js';
import { DecisionLog } from './application/decision-log.js';
import { DemandTally } from './application/demand-tally.js';
import { ExpectedEngines } from './application/expected-engines.js';
import { ExplainDecision } from './application/explain-decision.js';
import type { Fleet } from './application/fleet.js';
import { HoldEndpoint } from './application/hold-endpoint.js';
import { PickEndpoint } from './application/pick-endpoint.js';
import { PoolPolicies } from './application/pool-policies.js';
import { ReportDecision } from './application/report-decision.js';
import { ReportDemand } from './application/report-demand.js';
import { ServedModels } from './application/served-models.js';
import { TokenizePrompt } from './application/tokenize-prompt.js';
import { TokenizerParity } from './application/tokenizing/tokenizer-parity.js';
import { CLOCK, CLUSTER, EVENT_BUS, FLEET, PREFIX_VIEW } from './application/tokens.js';
import { WaitForEngine } from './application/wait-for-engine.js';
import type { Config } from './config.js';
import { registerHealth } from './health.js';
import { SchedulerMetrics } from './metrics.js';
import { routingProviders } from './routing.providers.js';
import { tokenizingProviders } from './tokenizing.providers.js';
import { TokenizingLife } from './tokenizing-life.js';

type Context = ServiceContext<Config>;
const MODELS = Symbol('MODELS');
const VARIANTS = Symbol('VARIANTS');
const scopeOf = ({ namespace }: Config) => (namespace === undefined ? {} : { namespace });

export const controllers = [OpenAiController, SchedulerController];

/** What the scheduler is made of: the only place that binds ports to adapters. Tests replace some. */
export const providers: Array<FactoryProvider | ValueProvider> = [
  { provide: CLOCK, useValue: systemClock },
  {
    provide: SchedulerMetrics,
    useFactory: (registry: Registry) => new SchedulerMetrics(registry),
    inject: [REGISTRY],
  },
  {
    provide: EVENT_BUS,
    useFactory: ({ config, service, instance, logger }: Context) =>
      NatsEventBus.connect({
        servers: config.natsUrl.split(','),
        source: `${service}/${instance}`,
        log: logger,
      }),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: CLUSTER,
    useFactory: ({ config, service, logger }: Context) =>
      new KubernetesCluster({
        service,
        ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
        onNotice: logNotices(logger),
      }),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: PoolDirectory,
    useFactory: (cluster: KubernetesCluster, { config }: Context) =>
      new PoolDirectory(cluster, scopeOf(config)),
    inject: [CLUSTER, SERVICE_CONTEXT],
  },
  {
    provide: MODELS,
    useFactory: (cluster: KubernetesCluster, { config }: Context) =>
      new ModelDirectory(cluster, scopeOf(config)),
    inject: [CLUSTER, SERVICE_CONTEXT],
  },
  {
    provide: VARIANTS,
    useFactory: (cluster: KubernetesCluster, { config }: Context) =>
      new VariantDirectory(cluster, scopeOf(config)),
    inject: [CLUSTER, SERVICE_CONTEXT],
  },
  {
    provide: HttpEngineProbe,
    useFactory: ({ config }: Context) => new HttpEngineProbe(config.scrapeTimeoutMs),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: FLEET,
    useFactory: (
      pools: PoolDirectory,
      models: ModelDirectory,
      variants: VariantDirectory,
      probe: HttpEngineProbe,
      ledger: LoadLedger,
      policies: PoolPolicies,
      metrics: SchedulerMetrics,
      { config }: Context,
    ) => {
      const onFailure = (_engine: unknown, what: string) => metrics.probeFailed(what);
      const intervalMs = config.scrapeIntervalMs;
      const watch = new EngineWatch({ probe, ledger, clock: systemClock, intervalMs, onFailure });
      const served = new ServedModels();
      const expected = new ExpectedEngines(new ClusterModels(models, pools, variants), served);
      return new ClusterFleet(pools, models, watch, policies, served, expected);
    },
    inject: [
      PoolDirectory,
      MODELS,
      VARIANTS,
      HttpEngineProbe,
      LoadLedger,
      PoolPolicies,
      SchedulerMetrics,
      SERVICE_CONTEXT,
    ],
  },
  {
    provide: PREFIX_VIEW,
    useFactory: (
      bus: EventBus,
      fleet: ClusterFleet,
      speculative: SpeculativeBlocks,
      metrics: SchedulerMetrics,
      { config }: Context,
    ) =>
      new KvFollower({
        ...scopeOf(config),
        bus,
        host: openReplicaHost(config.kvWorker, {
          clock: systemClock,
          onUpdates: (type, outcome, count) => metrics.kvUpdated(type, outcome, count),
        }),
        onStreamGap: () => metrics.kvUpdated('stream', 'gap'),
        onDraining: (engineId) => fleet.reportDraining(engineId),
        onCleared: (engineId) => speculative.dropEngine(engineId),
      }),
    inject: [EVENT_BUS, FLEET, SpeculativeBlocks, SchedulerMetrics, SERVICE_CONTEXT],
  },
  {
    provide: StatusWriter,
    useFactory: (
      cluster: KubernetesCluster,
      pools: PoolDirectory,
      models: ModelDirectory,
      fleet: ClusterFleet,
      policies: PoolPolicies,
      prefixes: KvFollower,
      parity: TokenizerParity,
      metrics: SchedulerMetrics,
      { config, instance }: Context,
    ) =>
      new StatusWriter({
        ...{ cluster, pools, models, fleet, policies, prefixes, instance },
        ...(config.tokenizerParity ? { parity } : {}),
        leaseNamespace: config.leaseNamespace ?? config.namespace ?? 'default',
        intervalMs: config.statusIntervalMs,
        onWrite: (kind, result) => metrics.wroteStatus(kind, result),
      }),
    inject: [
      CLUSTER,
      PoolDirectory,
      MODELS,
      FLEET,
      PoolPolicies,
      PREFIX_VIEW,
      TokenizerParity,
      SchedulerMetrics,
      SERVICE_CONTEXT,
    ],
  },
  ...routingProviders,
  ...tokenizingProviders,
  {
    provide: DecisionLog,
    useFactory: ({ config }: Context) => new DecisionLog(config.decisionLogSize),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: DemandTally,
    useFactory: (metrics: SchedulerMetrics) => new DemandTally(1000, () => metrics.demandDropped()),
    inject: [SchedulerMetrics],
  },
  {
    provide: ReportDecision,
    useFactory: (bus: EventBus, log: DecisionLog, { config, instance }: Context) =>
      new ReportDecision(bus, log, instance, config.fullDecisionEvery),
    inject: [EVENT_BUS, DecisionLog, SERVICE_CONTEXT],
  },
  {
    provide: WaitForEngine,
    useFactory: (fleet: Fleet, clock: Clock, metrics: SchedulerMetrics, { config }: Context) =>
      new WaitForEngine({
        fleet,
        clock,
        maxRequests: config.waitingRoomRequests,
        maxBytes: config.waitingRoomBytes,
        maxWaitMs: config.waitingRoomTimeoutMs,
        onEnd: (pool, outcome, waitedMs) => metrics.waited(pool, outcome, waitedMs),
      }),
    inject: [FLEET, CLOCK, SchedulerMetrics, SERVICE_CONTEXT],
  },
  {
    provide: ReportDemand,
    useFactory: (
      bus: EventBus,
      fleet: Fleet,
      tally: DemandTally,
      clock: Clock,
      waits: WaitForEngine,
      { instance }: Context,
    ) => {
      const held = (namespace: string, pool: string) => waits.held(namespace, pool);
      const report = new ReportDemand({ bus, fleet, tally, clock, held, scheduler: instance });
      waits.onFirst = (namespace, pool) => report.reportSoon(namespace, pool);
      return report;
    },
    inject: [EVENT_BUS, FLEET, DemandTally, CLOCK, WaitForEngine, SERVICE_CONTEXT],
  },
  {
    provide: ExplainDecision,
    useFactory: (log: DecisionLog, bus: EventBus) => new ExplainDecision(log, bus),
    inject: [DecisionLog, EVENT_BUS],
  },
  {
    provide: AdmitRequest,
    useFactory: (
      picker: PickEndpoint,
      fleet: Fleet,
      waits: WaitForEngine,
      demand: DemandTally,
      metrics: SchedulerMetrics,
      clock: Clock,
      { config }: Context,
    ) => new AdmitRequest({ picker, fleet, waits, demand, metrics, clock, ...config }),
    inject: [PickEndpoint, FLEET, WaitForEngine, DemandTally, SchedulerMetrics, CLOCK, SERVICE_CONTEXT],
  },
  {
    provide: UndiciRelay,
    useFactory: ({ config }: Context) => new UndiciRelay(config),
    inject: [SERVICE_CONTEXT],
  },
  {
    provide: CompleteRequest,
    useFactory: (
      admission: AdmitRequest,
      tokenizer: TokenizePrompt,
      relay: UndiciRelay,
      fleet: Fleet,
      ledger: LoadLedger,
      report: ReportDecision,
      demand: DemandTally,
      policies: PoolPolicies,
      metrics: SchedulerMetrics,
      { config }: Context,
    ) =>
      new CompleteRequest({
        ...{ admission, tokenizer, relay, fleet, ledger, report, demand, policies, metrics },
        maxAttempts: config.maxAttempts,
      }),
    inject: [
      AdmitRequest,
      TokenizePrompt,
      UndiciRelay,
      FLEET,
      LoadLedger,
      ReportDecision,
      DemandTally,
      PoolPolicies,
      SchedulerMetrics,
      SERVICE_CONTEXT,
    ],
  },
  {
    provide: HoldEndpoint,
    useFactory: (
      picker: PickEndpoint,
      fleet: Fleet,
      tokenizer: TokenizePrompt,
      ledger: LoadLedger,
      report: ReportDecision,
      demand: DemandTally,
      reporter: ReportDemand,
      { config }: Context,
    ) =>
      new HoldEndpoint({
        ...{ picker, fleet, tokenizer, ledger, report, demand, defaultHoldMs: config.pickHoldMs },
        onRefused: (namespace, pool) => reporter.reportSoon(namespace, pool),
      }),
    inject: [
      PickEndpoint,
      FLEET,
      TokenizePrompt,
      LoadLedger,
      ReportDecision,
      DemandTally,
      ReportDemand,
      SERVICE_CONTEXT,
    ],
  },
];

@Module({ controllers, providers })
export class AppModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
    @Inject(EVENT_BUS) private readonly bus: NatsEventBus,
    @Inject(CLUSTER) private readonly cluster: KubernetesCluster,
    @Inject(PoolDirectory) private readonly pools: PoolDirectory,
    @Inject(FLEET) private readonly fleet: ClusterFleet,
    @Inject(PREFIX_VIEW) private readonly prefixes: KvFollower,
    @Inject(WaitForEngine) private readonly waits: WaitForEngine,
    @Inject(ReportDemand) private readonly demand: ReportDemand,
    @Inject(StatusWriter) private readonly statuses: StatusWriter,
    @Inject(HttpEngineProbe) private readonly probe: HttpEngineProbe,
    @Inject(UndiciRelay) private readonly relay: UndiciRelay,
    @Inject(SchedulerMetrics) private readonly metrics: SchedulerMetrics,
    @Inject(PoolPolicies) private readonly policies: PoolPolicies,
    @Inject(TokenizingLife) private readonly tokenizing: TokenizingLife,
    @Inject(PickEndpoint) private readonly picker: PickEndpoint,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { bus, cluster, pools, fleet, prefixes, waits, statuses, metrics, policies, tokenizing } = this;
    const facts = { bus, cluster, pools, fleet, prefixes, policies, waits, statuses, ...tokenizing };
    registerHealth(this.context.health, facts);
    metrics.observe({ fleet, prefixes, waits, bus, tokenizing, picker: this.picker });
    tokenizing.start({ compare: this.context.config.tokenizerParity });
    await prefixes.start();
    // The front door opens after this hook.
    const { config, logger } = this.context;
    if (!(await awaitFleet(pools, fleet, config.startupWaitMs)))
      logger.warn('the front door opens before pools and models are known');
    this.demand.start();
    statuses.start();
  }

  /** Before the listeners close: they wait for every answer, and these would come too late. */
  beforeApplicationShutdown(): void {
    this.waits.stop();
  }

  /** After the listeners are closed and the last answer is out. */
  async onApplicationShutdown(): Promise<void> {
    this.demand.stop();
    await this.statuses.stop();
    this.fleet.stop();
    await this.tokenizing.stop();
    await this.prefixes.stop();
    await Promise.all([this.relay.close(), this.probe.close(), this.cluster.close()]);
    await this.bus.close();
  }
}
