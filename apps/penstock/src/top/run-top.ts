import { setTimeout as sleep } from 'node:timers/promises';
import { maskUrl } from '@penstock/platform';
import type { Addresses } from '../commands/addresses.js';
import { UnreachableError } from '../output/unreachable-error.js';
import { frameOf } from './frame-of.js';
import { readServices } from './read-services.js';
import type { TopFrame } from './top-frame.js';
import { TrafficFeed } from './traffic-feed.js';

export interface TopOptions {
  readonly intervalMs: number;
  /** Limit of one answer. */
  readonly timeoutMs: number;
  /** Ends after the first frame. */
  readonly once: boolean;
  readonly onFrame: (frame: TopFrame) => void;
  readonly signal: AbortSignal;
}

/** Longest wait for the first load report: schedulers send one every second. */
const FIRST_REPORT_MS = 2500;

/**
 * Hands over a frame again and again until `signal` is aborted. What does not answer is named in the frame and tried
 * again.
 *
 * @throws UnreachableError when nothing at all answers at the start
 */
export async function runTop(addresses: Addresses, options: TopOptions): Promise<void> {
  const { intervalMs, timeoutMs, once, onFrame, signal } = options;
  let feed: TrafficFeed | undefined;
  let isFirst = true;
  try {
    while (!signal.aborted) {
      const opened = await openFeed(addresses, feed, timeoutMs);
      feed = opened.feed;
      if (isFirst && feed) await firstReport(feed, signal);
      const services = await readServices(addresses, timeoutMs);
      const frame = frameOf(feed, services, opened.problems, Date.now());
      if (isFirst && !feed && !services.engines && !services.gangs && !services.tiers)
        throw new UnreachableError(
          `nothing answers: ${frame.problems.join('; ') || 'no address that top can use was given'}: run \`penstock doctor\``,
        );
      if (signal.aborted) return;
      onFrame(frame);
      if (once) return;
      isFirst = false;
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await feed?.close();
  }
}

async function openFeed(
  { natsUrls }: Addresses,
  feed: TrafficFeed | undefined,
  timeoutMs: number,
): Promise<{ feed?: TrafficFeed; problems: string[] }> {
  if (feed?.isOpen) return { feed, problems: [] };
  if (!natsUrls) return { problems: ['load and traffic are not known: no --nats-url was given'] };
  try {
    return { feed: await TrafficFeed.open(natsUrls, timeoutMs), problems: [] };
  } catch (error) {
    return { problems: [`load and traffic are not known: ${maskUrl((error as Error).message)}`] };
  }
}

async function firstReport(feed: TrafficFeed, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + FIRST_REPORT_MS;
  while (feed.demand.size === 0 && performance.now() < deadline && !signal.aborted) await sleep(50);
}
