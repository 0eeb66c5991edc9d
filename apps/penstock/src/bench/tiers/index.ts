export { tiersBench } from './tiers-bench.js';
