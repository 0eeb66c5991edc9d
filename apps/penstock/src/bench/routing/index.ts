export { routingBench } from './routing-bench.js';
