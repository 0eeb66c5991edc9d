import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { stringify } from 'yaml';
import type { z } from 'zod';
import type { ConfigDefinition, ConfigOf } from '../config/config-definition.js';
import { ConfigError } from '../config/config-error.js';
import { configHelp } from '../config/config-help.js';
import { type LoadedConfig, loadConfig } from '../config/load-config.js';
import { maskConfig } from '../config/mask-config.js';
import { fatalMessage } from '../errors/fatal-message.js';
import { releaseMemoryWhenIdle } from './release-memory.js';
import { type RunningService, runService, type ServiceDefinition } from './run-service.js';

/**
 * The whole life of a service process: reads its configuration, starts it, stops it on SIGTERM or SIGINT.
 * Exit codes: 0 stopped or answered `--help`/`--print-config`, 1 bad configuration or failed start,
 * 2 requests in progress ran over the drain timeout. A second signal ends the process at once.
 */
export async function bootstrap<S extends z.ZodRawShape>(definition: ServiceDefinition<S>): Promise<void> {
  const service = definition.config.service;
  let running: RunningService | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping || !running) process.exit(stopping ? 2 : 0);
    stopping = true;
    running.context.logger.info({ signal }, 'stopping');
    running.stop().then(
      (drained) => process.exit(drained ? 0 : 2),
      (error: unknown) => die(service, error),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('unhandledRejection', (error) => {
    running?.context.logger.fatal({ err: error }, 'unhandled rejection');
    die(service, error);
  });
  try {
    const loaded = loadConfig(definition.config, process.argv.slice(2), process.env);
    if (loaded.action !== 'run') {
      print(definition.config as unknown as ConfigDefinition, loaded);
      return process.exit(0);
    }
    running = await runService(definition, loaded as LoadedConfig<ConfigOf<ConfigDefinition<S>>>);
    releaseMemoryWhenIdle();
  } catch (error) {
    die(service, error);
  }
}

function print(definition: ConfigDefinition, loaded: LoadedConfig<unknown>): void {
  const text =
    loaded.action === 'help'
      ? configHelp(definition)
      : stringify(maskConfig(definition, loaded.config as Record<string, unknown>));
  writeSync(1, text);
}

/** Written synchronously: the process ends right after. */
function die(service: string, error: unknown): never {
  const message = error instanceof ConfigError ? error.message : fatalMessage(service, error);
  writeSync(2, `${message}\n`);
  process.exit(1);
}
