import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { ConductorController } from './api/conductor/conductor.controller.js';
import { EnginesController } from './api/grpc/engines.controller.js';
import { KvIndexController } from './api/grpc/kv-index.controller.js';
import { PodScoresController } from './api/grpc/pod-scores.controller.js';
import { ScoreAnswers } from './api/grpc/score-answers.js';
import { assembleIndex, type IndexParts, type IndexPorts } from './assemble-index.js';
import type { KvIndexConfig } from './config.js';
import { registerHealth } from './health.js';
import { INDEX, METRICS, PARTS, TRACKER } from './injection-tokens.js';
import { observeSources } from './observed-metrics.js';
import { IndexRun } from './run-index.js';

const PORTS = Symbol('PORTS');
type Context = ServiceContext<KvIndexConfig>;

/** What the index is made of, whatever its ports are bound to. */
@Module({})
export class IndexModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly run: IndexRun;

  constructor(
    @Inject(PARTS) private readonly parts: IndexParts,
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
  ) {
    const { config, logger } = context;
    const { deltaIntervalMs, storeIntervalMs } = config;
    this.run = new IndexRun({ ...parts, logger, deltaIntervalMs, storeIntervalMs });
  }

  static with(ports: Provider & { provide: typeof PORTS }): DynamicModule {
    const part = (token: symbol, name: keyof IndexParts): Provider => ({
      provide: token,
      useFactory: (parts: IndexParts) => parts[name],
      inject: [PARTS],
    });
    return {
      module: IndexModule,
      controllers: [KvIndexController, EnginesController, PodScoresController, ConductorController],
      providers: [
        ports,
        { provide: PARTS, useFactory: assembleIndex, inject: [PORTS, SERVICE_CONTEXT] },
        ScoreAnswers,
        part(INDEX, 'index'),
        part(METRICS, 'metrics'),
        part(TRACKER, 'tracker'),
      ],
    };
  }

  onApplicationBootstrap(): void {
    registerHealth(this.context.health, this.parts);
    observeSources(this.context.registry, this.parts);
    this.run.start();
  }

  /** After the listeners are closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.run.stop();
    await this.parts.host.stop();
    await this.parts.sources.stop();
    await this.parts.probe.close();
    await this.parts.reports?.close();
    await this.parts.tokenizer?.close();
    await this.parts.close();
  }
}

/** Binds the ports: `providePorts((context) => …)`. */
export function providePorts(
  make: (context: Context) => IndexPorts | Promise<IndexPorts>,
): Provider & { provide: typeof PORTS } {
  return { provide: PORTS, useFactory: make, inject: [SERVICE_CONTEXT] };
}
