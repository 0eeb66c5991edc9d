export { tokenizeBench } from './tokenize-bench.js';
