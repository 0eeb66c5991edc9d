import './keep-heap-small.js';
import { bootstrap } from '@penstock/platform';
import { httpOptions } from './api/conductor/http-options.js';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await bootstrap({
  config,
  module: AppModule,
  http: httpOptions,
  grpc: { services: ['kvindex', 'indexer/v1/indexer'] },
});
