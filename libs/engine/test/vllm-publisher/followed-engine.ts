import { EngineCache, type ReplayRequest } from '@penstock/core/kv';
import { decodeEngineBatch } from '../../src/kv-events/index.js';
import { KvEventSubscriber, type KvEventSubscriberOptions } from '../../src/kv-stream/index.js';

export const MODEL = 'm';

/** An engine's cache as we know it from its events: what kv-index does, without the service around it. */
export class FollowedEngine {
  readonly cache = new EngineCache({ engineId: 'ns/pod', model: MODEL }, Date.now());
  readonly problems: string[] = [];
  readonly subscriber: KvEventSubscriber;
  /** Live messages that are lost on their way; replays are not. */
  deaf = false;
  /** Of the newest live message that came, lost or not. */
  lastLive = -1;
  private readonly known = new Map<bigint, bigint>();

  constructor(options: Omit<KvEventSubscriberOptions, 'onMessage' | 'onConnection'>) {
    let hasStarted = false;
    this.subscriber = new KvEventSubscriber({
      ...options,
      onMessage: ({ sequence, payload, replayed }) => {
        if (!replayed) this.lastLive = sequence;
        if (this.deaf && !replayed) return;
        const { batch, problems, removalsLost } = decodeEngineBatch(sequence, payload);
        this.problems.push(...Object.keys(problems));
        if (!batch || removalsLost) throw new Error(`batch ${sequence} cannot be read`);
        if (replayed) this.cache.replayed(batch, Date.now());
        else void this.serve(this.cache.receive(batch, Date.now()));
      },
      onConnection: (connected) => {
        if (!connected) return;
        void this.serve(hasStarted ? this.cache.suspect(Date.now()) : this.cache.start());
        hasStarted = true;
      },
    });
  }

  /** Our key of every block that the engine says it holds on its GPU, by the low 64 bits of its own hash. */
  held(): Map<bigint, bigint> {
    this.cache.takeDelta();
    this.known.clear();
    for (const { tier, engineHashes, keys } of this.cache.publishedBlocks()) {
      if (tier !== 'gpu') throw new Error(`blocks on ${tier}, where the engine has none`);
      engineHashes.forEach((hash, i) => {
        this.known.set(hash, keys[i] as bigint);
      });
    }
    return this.known;
  }

  private async serve(request: ReplayRequest | undefined): Promise<void> {
    for (let wanted = request; wanted; ) {
      const complete = await this.subscriber.replay(wanted.fromSequence).then(
        () => true,
        () => false,
      );
      wanted = this.cache.replayEnded(complete, Date.now());
    }
  }
}
