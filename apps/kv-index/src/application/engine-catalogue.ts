import type { EngineTarget } from './engine-target.js';
import type { EngineDirectory, KnownEngine } from './known-engine.js';
import { RemoteEngine, type RemoteEngineSources } from './remote-engine.js';
import type { EngineTracker } from './track-engines.js';

/** Every engine there is: those that this replica follows as it follows them, others as their replica tells of them. */
export class EngineCatalogue implements EngineDirectory {
  /** By what they are of: a target stays the same object until something changes. */
  private readonly remote = new WeakMap<EngineTarget, RemoteEngine>();

  constructor(
    private readonly tracker: EngineTracker,
    private readonly sources: RemoteEngineSources,
  ) {}

  *engines(): Generator<KnownEngine> {
    yield* this.tracker.engines();
    for (const [engineId, target] of this.tracker.known()) {
      if (!this.tracker.get(engineId)) yield this.remoteOf(target);
    }
  }

  get(engineId: string): KnownEngine | undefined {
    const target = this.tracker.known().get(engineId);
    return this.tracker.get(engineId) ?? (target && this.remoteOf(target));
  }

  private remoteOf(target: EngineTarget): RemoteEngine {
    const known = this.remote.get(target);
    if (known) return known;
    const engine = new RemoteEngine(target, this.sources);
    this.remote.set(target, engine);
    return engine;
  }
}
