import { bootstrap } from '@penstock/platform';
import { httpOptions } from './api/openai/http-options.js';
import { AppModule } from './app.module.js';
import { config } from './config.js';

await bootstrap({
  config,
  module: AppModule,
  http: httpOptions,
  grpc: { services: ['scheduler'], reusePort: true },
});
