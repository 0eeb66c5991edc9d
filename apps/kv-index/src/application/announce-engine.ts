import type { EventData } from '@penstock/contracts';
import type { EventBus } from '@penstock/core/ports';
import type { EngineFollower } from './follow-engine.js';

/** Tells the suite about engines. Announcing twice is harmless: the events are facts, not steps. */
export class EngineAnnouncer {
  private readonly readyAnnounced = new WeakMap<EngineFollower, { incarnation: number; blockSize: number }>();
  private readonly eventsAnnounced = new WeakMap<EngineFollower, boolean>();

  constructor(private readonly bus: EventBus) {}

  registered(engine: EngineFollower): void {
    const { model, blockSize, incarnation } = engine;
    const kvEvents = engine.publishesEvents;
    this.eventsAnnounced.set(engine, kvEvents);
    const data = { ...identity(engine), model, blockSize, incarnation, kvEvents };
    this.publish('engine.registered', engine, data);
  }

  /**
   * The engine's cache is followed live; once per incarnation, and again when its first block told the block size: nobody
   * else can look anything up before.
   */
  ready(engine: EngineFollower): void {
    const { model, blockSize, incarnation } = engine;
    const told = this.readyAnnounced.get(engine);
    if (told?.incarnation === incarnation && told.blockSize === blockSize) return;
    this.readyAnnounced.set(engine, { incarnation, blockSize });
    if (this.eventsAnnounced.get(engine) !== engine.publishesEvents) this.registered(engine);
    this.publish('engine.ready', engine, { ...identity(engine), model, blockSize, incarnation });
  }

  /**
   * @param incarnation its last life, if it is known: the next one's first events may overtake this one, which travels in
   *   another stream, and it stays the last word on the name for whoever starts later
   */
  gone(engine: EngineFollower, reason: string, incarnation: number | undefined): void {
    this.publish('engine.gone', engine, { ...identity(engine), ...lifeOf(incarnation), reason });
  }

  /** An engine known only from the store, whose pod is no longer there. */
  goneFromStore(namespace: string, pool: string, engineId: string, incarnation: number | undefined): void {
    const pod = engineId.slice(engineId.indexOf('/') + 1).replace(/#\d+$/, '') || engineId;
    const reason = 'left while no index was following';
    const data = { engine: engineId, pod, address: '', ...lifeOf(incarnation), reason };
    this.bus.publish({ type: 'engine.gone', namespace, pool, key: engineId, data });
  }

  /** Says everything again, for a bus that may have lost it. */
  again(engine: EngineFollower): void {
    this.registered(engine);
    if (this.readyAnnounced.get(engine)?.incarnation !== engine.incarnation) return;
    this.readyAnnounced.delete(engine);
    this.ready(engine);
  }

  private publish<T extends 'engine.registered' | 'engine.ready' | 'engine.gone'>(
    type: T,
    engine: EngineFollower,
    data: EventData<T>,
  ): void {
    const { namespace, name } = engine.pool;
    this.bus.publish({ type, namespace, pool: name, key: engine.engineId, data });
  }
}

function identity(engine: EngineFollower) {
  const { engineId, pod, address } = engine.endpoint;
  return { engine: engineId, pod, address };
}

function lifeOf(incarnation: number | undefined): { incarnation?: number } {
  return incarnation === undefined ? {} : { incarnation };
}
