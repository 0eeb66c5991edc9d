import { loadConfig, runService } from '@penstock/platform';
import { AppModule } from '../../src/app.module.js';
import { config } from '../../src/config.js';

// The service as `main.ts` runs it; its parent is told the ports that it was given.
const loaded = loadConfig(config, process.argv.slice(2), {});
const service = await runService(
  { config, module: AppModule, grpc: { services: ['kvindex'] } },
  loaded as never,
);
process.send?.(service.listeners);
process.on('SIGTERM', () => void service.stop().then(() => process.exit(0)));
// Its parent died.
process.on('disconnect', () => process.exit(1));
