import type { Scorer } from './scorer.js';
import { spread } from './spread.js';

/** llm-d's running-requests-size-scorer: fewest running requests, counting those not scraped yet if asked. */
export const runningScorer = ({ countReserved = true } = {}): Scorer => ({
  name: 'running',
  score: (input, candidates, out) =>
    spread(input, candidates, out, (e) => e.running + (countReserved ? e.unseenRequests : 0)),
});
