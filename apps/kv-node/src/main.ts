import './many-threads.js';
import { bootstrap } from '@penstock/platform';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await bootstrap({ config, module: AppModule, grpc: { services: ['kvnode'] } });
