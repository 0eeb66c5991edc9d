import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { GangPlacerController } from './api/gang-placer.controller.js';
import { assemblePlacer, type PlacerParts, type PlacerPorts } from './assemble-placer.js';
import type { PlacerConfig } from './config.js';
import { registerHealth } from './health.js';
import { PLACER } from './injection-tokens.js';
import { observePlacer } from './observed-metrics.js';

const PORTS = Symbol('PORTS');
type Context = ServiceContext<PlacerConfig>;

/** What the placer is made of, whatever its ports are bound to. */
@Module({})
export class PlacerModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(PLACER) private readonly parts: PlacerParts,
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
  ) {}

  static with(ports: Provider & { provide: typeof PORTS }): DynamicModule {
    return {
      module: PlacerModule,
      controllers: [GangPlacerController],
      providers: [ports, { provide: PLACER, useFactory: assemblePlacer, inject: [PORTS, SERVICE_CONTEXT] }],
    };
  }

  onApplicationBootstrap(): void {
    registerHealth(this.context.health, this.parts);
    observePlacer(this.parts);
    this.parts.leader.start();
  }

  /** After the listeners are closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.parts.leader.stop();
    await this.parts.close();
  }
}

/** Binds the ports: `providePorts((context) => …)`. */
export function providePorts(make: (context: Context) => PlacerPorts): Provider & { provide: typeof PORTS } {
  return { provide: PORTS, useFactory: make, inject: [SERVICE_CONTEXT] };
}
