import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { KvOffloadController } from './api/kv-offload.controller.js';
import { assembleOffload, type OffloadParts, type OffloadPorts } from './assemble-offload.js';
import type { KvOffloadConfig } from './config.js';
import { registerHealth } from './health.js';
import { LEADERSHIP } from './injection-tokens.js';

const PORTS = Symbol('PORTS');
const PARTS = Symbol('PARTS');
type Context = ServiceContext<KvOffloadConfig>;

/** What kv-offload is made of, whatever its ports are bound to. */
@Module({})
export class OffloadModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: OffloadParts,
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
  ) {}

  static with(ports: Provider & { provide: typeof PORTS }): DynamicModule {
    return {
      module: OffloadModule,
      controllers: [KvOffloadController],
      providers: [
        ports,
        { provide: PARTS, useFactory: assembleOffload, inject: [PORTS, SERVICE_CONTEXT] },
        { provide: LEADERSHIP, useFactory: ({ leadership }: OffloadParts) => leadership, inject: [PARTS] },
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
export function providePorts(make: (context: Context) => OffloadPorts): Provider & { provide: typeof PORTS } {
  return { provide: PORTS, useFactory: make, inject: [SERVICE_CONTEXT] };
}
