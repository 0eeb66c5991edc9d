import type { EventData } from '@penstock/contracts';
import type { EngineSync } from '@penstock/core/kv';
import type { EngineIdentity } from './engine-stream.js';
import type { EngineTarget } from './engine-target.js';
import type { KnownEngine } from './known-engine.js';

interface Told {
  /** Who follows it, as it names itself in events. */
  readonly ingester: string;
  readonly model: string;
  readonly blockSize: number;
  readonly incarnation: number;
  readonly publishesEvents: boolean;
}

const NOTHING: Told = { ingester: '', model: '', blockSize: 0, incarnation: 0, publishesEvents: false };

/** What other replicas say of the engines that they follow. */
export class RemoteEngines {
  private readonly told = new Map<string, Told>();

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
    if (known.incarnation <= incarnation && (known.ingester !== ingester || known.incarnation < incarnation))
      this.told.set(engineId, { ...known, ingester, incarnation });
  }

  forget(engineId: string): void {
    this.told.delete(engineId);
  }

  /** Model and block size, when they are of the life that the index has and so need not be asked for again. */
  identityOf(engineId: string): EngineIdentity | undefined {
    const told = this.told.get(engineId);
    if (!told || told.model === '' || told.incarnation !== this.sync(engineId)?.incarnation) return undefined;
    return { model: told.model, blockSize: told.blockSize };
  }

  /** The engine as far as it is known here. @param owner the replica that is to follow it */
  view({ pool, endpoint, identity }: EngineTarget, owner: string): KnownEngine {
    const { engineId } = endpoint;
    const told = this.told.get(engineId) ?? NOTHING;
    const sync = this.sync(engineId);
    return {
      engineId,
      pool,
      endpoint,
      model: told.model || (identity?.model ?? ''),
      blockSize: told.blockSize || (identity?.blockSize ?? 0),
      incarnation: sync?.incarnation ?? told.incarnation,
      state: sync === undefined ? 'connecting' : sync.state === 'synced' ? 'live' : 'stale',
      publishesEvents: told.publishesEvents || endpoint.kvEventsPort !== undefined,
      replica: told.ingester.slice(told.ingester.indexOf('/') + 1) || owner,
    };
  }
}
