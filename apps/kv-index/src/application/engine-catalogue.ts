import type { EngineDirectory, KnownEngine } from './known-engine.js';
import type { RemoteEngines } from './remote-engines.js';
import type { EngineTracker } from './track-engines.js';

/** Every engine there is: those that this replica follows as it follows them, others as their replica tells of them. */
export class EngineCatalogue implements EngineDirectory {
  constructor(
    private readonly tracker: EngineTracker,
    private readonly remote: RemoteEngines,
    /** The replica that is to follow an engine. */
    private readonly ownerOf: (engineId: string) => string,
  ) {}

  *engines(): Generator<KnownEngine> {
    yield* this.tracker.engines();
    for (const [engineId, target] of this.tracker.known()) {
      if (!this.tracker.get(engineId)) yield this.remote.view(target, this.ownerOf(engineId));
    }
  }

  get(engineId: string): KnownEngine | undefined {
    const target = this.tracker.known().get(engineId);
    return this.tracker.get(engineId) ?? (target && this.remote.view(target, this.ownerOf(engineId)));
  }
}
