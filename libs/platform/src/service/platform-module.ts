import { type DynamicModule, Module, type Type } from '@nestjs/common';
import {
  CONFIG,
  HEALTH,
  LOGGER,
  REGISTRY,
  SERVICE_CONTEXT,
  type ServiceContext,
  TRACING,
} from './service-context.js';

@Module({})
class PlatformModule {}

@Module({})
class RootModule {}

/** Makes the service context injectable everywhere in the application. */
function platformModule(context: ServiceContext): DynamicModule {
  const providers = [
    { provide: SERVICE_CONTEXT, useValue: context },
    { provide: CONFIG, useValue: context.config },
    { provide: LOGGER, useValue: context.logger },
    { provide: REGISTRY, useValue: context.registry },
    { provide: HEALTH, useValue: context.health },
    { provide: TRACING, useValue: context.tracing },
  ];
  return { module: PlatformModule, global: true, providers, exports: providers.map((p) => p.provide) };
}

/** The root module of a service: the platform around the application's module. */
export function rootModule(
  context: ServiceContext,
  application: Type<unknown> | DynamicModule,
): DynamicModule {
  return { module: RootModule, imports: [platformModule(context), application] };
}
