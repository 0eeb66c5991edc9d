import type { Scorer } from './scorer.js';
import { spread } from './spread.js';

/**
 * llm-d's queue-scorer: fewest waiting requests. With `countReserved`, requests decided here that the last scrape
 * cannot have seen wait too; otherwise a burst between two scrapes goes to one endpoint.
 */
export const queueScorer = ({ countReserved = true } = {}): Scorer => ({
  name: 'queue',
  score: (input, candidates, out) =>
    spread(input, candidates, out, (e) => e.waiting + (countReserved ? e.unseenRequests : 0)),
});
