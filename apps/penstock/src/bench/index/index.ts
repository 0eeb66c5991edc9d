export { indexBench } from './index-bench.js';
