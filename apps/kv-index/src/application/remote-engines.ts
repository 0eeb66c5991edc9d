import type { EventData } from '@penstock/contracts';
import type { EngineSync } from '@penstock/core/kv';
import type { EngineIdentity } from './engine-stream.js';

/** What was told of an engine that another replica follows. */
export interface ToldEngine {
  /** Who follows it, as it names itself in events; empty until it is known. */
  readonly ingester: string;
  readonly model: string;
  readonly blockSize: number;
  /** Newest life that was heard of. */
  readonly incarnation: number;
  readonly publishesEvents: boolean;
}

const NOTHING: ToldEngine = {
  ingester: '',
  model: '',
  blockSize: 0,
  incarnation: 0,
  publishesEvents: false,
};

/** What other replicas say of the engines that they follow. */
export class RemoteEngines {
  private readonly told = new Map<string, ToldEngine>();

  /** @param sync how far our index has what is published of an engine */
  constructor(private readonly sync: (engineId: string) => EngineSync | undefined) {}

  /** `engine.registered`, or `engine.ready`, which says the same of an engine whose events are followed. */
  announced(data: EventData<'engine.registered'> | EventData<'engine.ready'>, ingester: string): void {
    const { engine, model, blockSize, incarnation } = data;
    const known = this.told.get(engine);
    if (known && known.incarnation > incarnation) return;
    const publishesEvents = 'kvEvents' in data ? data.kvEvents === true : true;
    this.told.set(engine, { ingester, model, blockSize, incarnation, publishesEvents });
  }

  /** Changes or a snapshot of this life of the engine came from this replica. */
  changed(engineId: string, incarnation: number, ingester: string): void {
    const known = this.told.get(engineId) ?? NOTHING;
    if (known.incarnation > incarnation) return;
    if (known.ingester !== ingester || known.incarnation < incarnation)
      this.told.set(engineId, { ...known, ingester, incarnation });
  }

  forget(engineId: string): void {
    this.told.delete(engineId);
  }

  get(engineId: string): ToldEngine | undefined {
    return this.told.get(engineId);
  }

  /** The newest incarnation of the engine that is known, whoever followed it; 0 when none is. */
  incarnationOf(engineId: string): number {
    return Math.max(this.told.get(engineId)?.incarnation ?? 0, this.sync(engineId)?.incarnation ?? 0);
  }

  /** Model and block size, when they are of the life that the index has and so need not be asked for again. */
  identityOf(engineId: string): EngineIdentity | undefined {
    const told = this.told.get(engineId);
    if (!told || told.model === '' || told.incarnation !== this.sync(engineId)?.incarnation) return undefined;
    return { model: told.model, blockSize: told.blockSize };
  }
}
