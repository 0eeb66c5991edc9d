import type { LeaseMembers, PoolDirectory } from '@penstock/cluster';
import type { EventBus } from '@penstock/core/ports';
import type { Logger } from 'pino';
import type { EngineAnnouncer } from './application/announce-engine.js';
import type { EngineSources } from './application/engine-sources.js';
import type { HolderFollower } from './application/follow-holders.js';
import type { FileForwarder } from './application/forward-files.js';
import type { BlockPersister } from './application/persist-changes.js';
import type { ChangePublisher } from './application/publish-changes.js';
import type { RegistrationSharing } from './application/share-registrations.js';
import type { EngineTracker } from './application/track-engines.js';

export interface RunParts {
  readonly directory: PoolDirectory;
  readonly tracker: EngineTracker;
  readonly publisher: ChangePublisher;
  readonly forwarder: FileForwarder;
  readonly holders: HolderFollower;
  readonly sources: EngineSources;
  readonly sharing: RegistrationSharing;
  readonly members: LeaseMembers;
  readonly persister: BlockPersister;
  readonly announcer: EngineAnnouncer;
  readonly bus: EventBus;
  readonly logger: Logger;
  readonly deltaIntervalMs: number;
  readonly storeIntervalMs: number;
}

/** Longest time that files wait to be told, whatever the interval of deltas. */
const FILES_INTERVAL_MS = 100;
/** Time between two looks for storage that fell silent and engines that nobody has. */
const SILENCE_INTERVAL_MS = 5_000;
/** At the end: the longest wait for other replicas to take over what is followed here. */
const HANDOVER_MS = 5_000;
const HANDOVER_LOOK_MS = 20;

/** The clockwork of the service: reconciles with the pools, publishes every tick, looks after the store. */
export class IndexRun {
  private timers: NodeJS.Timeout[] = [];
  private unsubscribe: Array<() => void> = [];
  private followsHolders = false;
  private swept = false;
  private wasConnected = false;
  private refreshing = false;

  constructor(private readonly parts: RunParts) {}

  start(): void {
    const { sources, members, holders, deltaIntervalMs, storeIntervalMs } = this.parts;
    this.unsubscribe = [
      sources.onChange(() => this.reconcile()),
      members.onChange(() => this.membersChanged()),
    ];
    this.reconcile();
    this.timers = [
      setInterval(() => this.publish(), deltaIntervalMs),
      setInterval(() => void this.refreshStore(), storeIntervalMs),
      setInterval(() => this.forwardFiles(), Math.min(deltaIntervalMs, FILES_INTERVAL_MS)),
      setInterval(() => holders.forgetSilent(), SILENCE_INTERVAL_MS),
    ];
  }

  /** Lets other replicas take over what is followed here, publishes what is left and stops following. */
  async stop(): Promise<void> {
    const { members, tracker, publisher, holders, sharing, bus } = this.parts;
    // Without the bus nobody could tell that an engine was taken over.
    const waits = bus.status().connected;
    // Goes on following, without a claim to it, until the changes of the others come.
    const left = members.leave();
    if (waits) await this.handOver();
    await left;
    for (const end of this.unsubscribe) end();
    for (const timer of this.timers) clearInterval(timer);
    this.forwardFiles();
    publisher.publishDeltas(tracker.engines());
    await Promise.all([tracker.stop(), holders.stop(), members.close(), sharing.stop()]);
  }

  private async handOver(): Promise<void> {
    const { members, tracker } = this.parts;
    const endMs = performance.now() + HANDOVER_MS;
    this.reconcile();
    while (performance.now() < endMs && members.members.length > 0 && !tracker.engines().next().done) {
      await new Promise((resolve) => setTimeout(resolve, HANDOVER_LOOK_MS));
    }
  }

  private membersChanged(): void {
    const { members, logger } = this.parts;
    const { problem } = members;
    if (problem) logger.warn({ members: members.members }, problem);
    else logger.info({ members: members.members }, 'the replicas of kv-index');
    // An engine may have left while its replica was dead already.
    this.swept = false;
    this.reconcile();
  }

  /** Before the others are known, everything would seem to be for this replica to do; having left alone, nothing is. */
  private reconcile(): void {
    const { sources, members, tracker, holders, logger } = this.parts;
    if (!members.known || members.members.length === 0) return;
    if (!this.followsHolders) {
      this.followsHolders = true;
      void holders
        .start()
        .catch((error: unknown) => logger.error({ err: error }, 'what others say cannot be followed'));
    }
    tracker.reconcile(sources.targets());
  }

  private forwardFiles(): void {
    for (const engine of this.parts.tracker.engines()) this.parts.forwarder.forward(engine);
  }

  private publish(): void {
    const { tracker, publisher, announcer, bus } = this.parts;
    const { connected } = bus.status();
    const returned = connected && !this.wasConnected;
    this.wasConnected = connected;
    this.forwardFiles();
    publisher.publishDeltas(tracker.engines());
    for (const engine of tracker.engines()) {
      engine.lookIntoSilence();
      if (engine.state === 'live') announcer.ready(engine);
    }
    if (returned) {
      for (const engine of tracker.engines()) announcer.again(engine);
      // The bus may have lost what it had; a whole state costs little and ends every doubt.
      publisher.renewSnapshots();
    }
    // While it is away they would only push the deltas out of its buffer.
    if (connected) publisher.publishDueSnapshots(tracker.engines());
  }

  private async refreshStore(): Promise<void> {
    const { persister, tracker, directory, sources, members, logger } = this.parts;
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      await persister.refresh();
      if (this.swept || !directory.synced || !members.known || persister.problem) return;
      await tracker.sweepStore(sources.completePools());
      this.swept = true;
    } catch (error) {
      logger.warn({ err: error }, 'stored engines could not be looked through; trying again');
    } finally {
      this.refreshing = false;
    }
  }
}
