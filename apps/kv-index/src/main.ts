import './keep-heap-small.js';
import { bootstrap } from '@penstock/platform';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await bootstrap({ config, module: AppModule, grpc: { services: ['kvindex', 'indexer/v1/indexer'] } });
