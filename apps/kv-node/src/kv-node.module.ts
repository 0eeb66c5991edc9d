import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { SERVICE_CONTEXT, type ServiceContext } from '@penstock/platform';
import { KvNodeController } from './api/kv-node.controller.js';
import { assembleKvNode, type KvNodeParts, type KvNodePorts } from './assemble-kv-node.js';
import type { KvNodeConfig } from './config.js';
import { registerHealth } from './health.js';
import { PARTS } from './injection-tokens.js';

const PORTS = Symbol('PORTS');
type Context = ServiceContext<KvNodeConfig>;

/** What kv-node is made of, whatever its ports are bound to. */
@Module({})
export class KvNodeModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(PARTS) private readonly parts: KvNodeParts,
    @Inject(SERVICE_CONTEXT) private readonly context: Context,
  ) {}

  static with(ports: Provider & { provide: typeof PORTS }): DynamicModule {
    return {
      module: KvNodeModule,
      controllers: [KvNodeController],
      providers: [ports, { provide: PARTS, useFactory: assembleKvNode, inject: [PORTS, SERVICE_CONTEXT] }],
    };
  }

  /** Before the listeners open: whoever asks gets an inventory that agrees with the folders. */
  async onModuleInit(): Promise<void> {
    registerHealth(this.context.health, this.parts);
    await this.parts.run.start();
  }

  /** After the listeners are closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.parts.run.stop();
    await this.parts.mover.stop();
    this.parts.inventory.close();
    await this.parts.objects?.close();
  }
}

/** Binds the ports: `providePorts((context) => …)`. */
export function providePorts(make: (context: Context) => KvNodePorts): Provider & { provide: typeof PORTS } {
  return { provide: PORTS, useFactory: make, inject: [SERVICE_CONTEXT] };
}
