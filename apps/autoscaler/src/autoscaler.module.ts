import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { AutoscalerController } from './api/autoscaler.controller.js';
import { type AutoscalerParts, type AutoscalerPorts, assembleAutoscaler } from './assemble-autoscaler.js';
import type { AutoscalerConfig } from './config.js';
import { registerHealth } from './health.js';
import { BOARD, LEADERSHIP, SCALER } from './injection-tokens.js';

const PORTS = Symbol('PORTS');
const PARTS = Symbol('PARTS');
type Context = ServiceContext<AutoscalerConfig>;

/** What the autoscaler is made of, whatever its ports are bound to. */
@Module({})
export class AutoscalerModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: AutoscalerParts,
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
  ) {}

  static with(ports: Provider & { provide: typeof PORTS }): DynamicModule {
    const part = (token: symbol, name: keyof AutoscalerParts): Provider => ({
      provide: token,
      useFactory: (parts: AutoscalerParts) => parts[name],
      inject: [PARTS],
    });
    return {
      module: AutoscalerModule,
      controllers: [AutoscalerController],
      providers: [
        ports,
        { provide: PARTS, useFactory: assembleAutoscaler, inject: [PORTS, SERVICE_CONTEXT] },
        part(BOARD, 'board'),
        part(SCALER, 'scaler'),
        part(LEADERSHIP, 'leadership'),
      ],
    };
  }

  onApplicationBootstrap(): void {
    registerHealth(this.context.health, this.parts);
    this.parts.run.start();
  }

  /** After the listeners are closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.parts.run.stop();
    await this.parts.close();
  }
}

/** Binds the ports: `providePorts((context) => …)`. */
export function providePorts(
  make: (context: Context) => AutoscalerPorts,
): Provider & { provide: typeof PORTS } {
  return { provide: PORTS, useFactory: make, inject: [SERVICE_CONTEXT] };
}
