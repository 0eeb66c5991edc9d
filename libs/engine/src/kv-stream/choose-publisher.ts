import type { ExpectedPublisher } from './expected-publisher.js';
import { parseKvTopic } from './parse-kv-topic.js';

/** Why a connection is not taken for any engine. */
export type RefusalReason =
  /** No engine is expected at the address it comes from. */
  | 'unknown-address'
  /** Its topic names another address than the one it comes from, a port at which no engine is, or storage. */
  | 'foreign-topic'
  /** Of the engines at its address its topic and the port it dialled tell none, or several. */
  | 'ambiguous';

/** Where a connection came from and arrived. */
export interface DialledFrom {
  /** IP address of the peer. */
  readonly address: string;
  /** How far above the first port it dialled: vLLM adds its data-parallel rank. */
  readonly rank: number;
  /** Of its first message; absent before that. */
  readonly topic?: string;
}

/**
 * Which engine a connection belongs to. The address it comes from decides; the topic only tells apart engines that share
 * one. Undefined when a topic is needed first.
 */
export function choosePublisher<P extends ExpectedPublisher>(
  from: DialledFrom,
  expected: readonly P[],
): P | RefusalReason | undefined {
  const here = expected.filter((publisher) => publisher.address === from.address);
  if (here.length === 0) {
    return 'unknown-address';
  }
  if (from.topic === undefined) {
    // Not even the rank is sure: an engine may dial the first port from every rank.
    const [only] = here;
    return here.length === 1 && only?.rank === from.rank ? only : undefined;
  }
  const topic = parseKvTopic(from.topic);
  if (topic.source === 'storage') {
    return 'foreign-topic';
  }
  if (topic.source === 'text' || topic.port === undefined) {
    return onlyOne(here.filter(({ rank }) => rank === from.rank));
  }
  const named = here.filter(({ port }) => port === topic.port);
  if (topic.address !== from.address || named.length === 0) {
    return 'foreign-topic';
  }
  // Ranks that share one HTTP server have the same topic and dial different ports.
  return named.length === 1 ? named[0] : onlyOne(named.filter(({ rank }) => rank === from.rank));
}

function onlyOne<P>(publishers: readonly P[]): P | 'ambiguous' {
  return publishers.length === 1 ? (publishers[0] as P) : 'ambiguous';
}
