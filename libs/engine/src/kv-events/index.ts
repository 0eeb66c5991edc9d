export * from './decode-batch.js';
export * from './encode-batch.js';
export {
  type BatchProblem,
  type EventProblem,
  PROBLEMS,
  type Problem,
  type Problems,
} from './event-problem.js';
export { tierOfMedium } from './medium-tier.js';
export { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from './message-pack-guard.js';
export * from './published-event.js';
