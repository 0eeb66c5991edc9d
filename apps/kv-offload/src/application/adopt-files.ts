import { type EventData, type kvnodeV1, unpackU64 } from '@penstock/contracts';
import type { EventBus, IncomingEvent, Subscription } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { KvOffloadMetrics } from '../metrics.js';
import type { NodeFleet } from './node-fleet.js';
import { bytesOf } from './packed-keys.js';
import { scopeOf } from './scope.js';

type Stored = EventData<'tier.stored'>;

export interface AdopterOptions {
  readonly bus: EventBus;
  readonly fleet: NodeFleet;
  readonly logger: Logger;
  readonly metrics: KvOffloadMetrics;
}

/** Replicas share it, so that what is stored while nobody leads is adopted by the next leader. */
const DURABLE = 'kv-offload';
/** About as long as the stream keeps events: a node may be away for a while. */
const MAX_DELIVERIES = 200;

/**
 * Tells kv-nodes which blocks the files are that engines wrote. The ledger learns of them from the node's news, like of
 * everything else there.
 */
export class FileAdopter {
  private subscription: Subscription | undefined;

  constructor(private readonly options: AdopterOptions) {}

  async start(): Promise<void> {
    const { bus } = this.options;
    const options = { durable: DURABLE, types: ['tier.stored'], maxDeliveries: MAX_DELIVERIES };
    this.subscription = await bus.consume<Stored>(options, (event) => this.adopt(event));
  }

  async stop(): Promise<void> {
    await this.subscription?.stop();
  }

  /** Throws, so that the event comes again, while the node cannot be asked. */
  private async adopt({ namespace, pool, data }: IncomingEvent<Stored>): Promise<void> {
    const { fleet, logger, metrics } = this.options;
    const { node, files } = data;
    const client = fleet.get(node)?.client;
    if (!client) throw new Error(`the kv-node of "${node}" is not connected`);
    const scope = scopeOf({ namespace, pool });
    // The end of a prompt first, so that it counts as older than its beginning.
    const chunks = files.toReversed().map(({ hash, keys }): kvnodeV1.WrittenChunk => {
      return { hash, scope, blockKeys: bytesOf(unpackU64(keys)) };
    });
    const results = await client.adopt(chunks);
    const problems = results.filter(({ problem }) => problem !== '');
    metrics.adopted.inc({ outcome: 'adopted' }, results.length - problems.length);
    if (problems.length === 0) return;
    metrics.adopted.inc({ outcome: 'refused' }, problems.length);
    logger.debug({ node, count: problems.length, reason: problems[0]?.problem }, 'files were not adopted');
  }
}
