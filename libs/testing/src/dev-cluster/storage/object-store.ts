import type { ApiObject } from '../object/api-object.js';
import type { StoreEvent } from './event.js';
import type { Journal, JournalEntry } from './journal.js';
import { WatchHistory } from './watch-history.js';

export interface ObjectStoreOptions {
  /** How many changes a resuming watch can look back on. */
  readonly historyLimit?: number;
}

const keyOfObject = ({ metadata }: ApiObject): string => keyOf(metadata.namespace, metadata.name);
const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/**
 * All objects of the cluster, each change numbered by one growing revision. A change is in the journal before
 * anyone sees it. Stored objects are shared with readers and must not be changed.
 */
export class ObjectStore {
  private readonly resources = new Map<string, Map<string, ApiObject>>();
  private readonly listeners = new Set<(event: StoreEvent) => void>();
  private readonly undelivered: StoreEvent[] = [];
  private readonly history: WatchHistory;
  private delivering = false;
  private lastRevision: number;

  constructor(
    private readonly journal: Journal,
    options: ObjectStoreOptions = {},
  ) {
    const { snapshot, snapshotRevision, entries } = journal.contents;
    this.lastRevision = snapshotRevision;
    this.history = new WatchHistory(snapshotRevision, options.historyLimit ?? 5000);
    for (const entry of snapshot) this.restore(entry);
    for (const entry of entries) {
      this.history.push(this.restore(entry));
      this.lastRevision = entry.rv;
    }
  }

  /** The newest resourceVersion given out. */
  get revision(): number {
    return this.lastRevision;
  }

  get(resource: string, namespace: string | undefined, name: string): ApiObject | undefined {
    return this.resources.get(resource)?.get(keyOf(namespace, name));
  }

  /** Objects of one resource in the order of `namespace/name`; every namespace when none is given. */
  list(resource: string, namespace?: string): ApiObject[] {
    const objects = this.resources.get(resource);
    if (!objects) return [];
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    return [...objects.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  /** Objects as `list` gave them at a past revision, or undefined when that is compacted away or lies in the future. */
  listAt(resource: string, namespace: string | undefined, revision: number): ApiObject[] | undefined {
    const since = this.eventsSince(revision);
    if (!since) return undefined;
    const then = new Map(this.list(resource, namespace).map((object) => [keyOfObject(object), object]));
    for (const { resource: changed, object, previous } of since.reverse()) {
      if (changed !== resource || (namespace !== undefined && object.metadata.namespace !== namespace))
        continue;
      if (previous) then.set(keyOfObject(object), previous);
      else then.delete(keyOfObject(object));
    }
    return [...then].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** Resources that hold at least one object. */
  resourcesInUse(): string[] {
    return [...this.resources].filter(([, objects]) => objects.size > 0).map(([resource]) => resource);
  }

  /** Stores a new state under the next revision and tells everyone. */
  put(resource: string, object: ApiObject): ApiObject {
    return this.commit('put', resource, object);
  }

  remove(resource: string, object: ApiObject): ApiObject {
    return this.commit('del', resource, object);
  }

  /** Listeners hear every change in order, also the changes that listeners make. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Changes after a revision, or undefined when they are compacted away or lie in the future. */
  eventsSince(revision: number): StoreEvent[] | undefined {
    return revision > this.lastRevision ? undefined : this.history.since(revision);
  }

  /** Forgets the past: watches that resume from before now get 410 Gone. */
  compactHistory(): void {
    this.history.compact(0);
  }

  private commit(op: JournalEntry['op'], resource: string, object: ApiObject): ApiObject {
    const rv = this.lastRevision + 1;
    const obj = { ...object, metadata: { ...object.metadata, resourceVersion: String(rv) } };
    this.journal.append({ rv, op, res: resource, obj });
    this.lastRevision = rv;
    const event = this.restore({ rv, op, res: resource, obj });
    this.history.push(event);
    if (this.journal.wantsCompaction) this.compactJournal();
    this.deliver(event);
    return obj;
  }

  private restore({ rv, op, res, obj }: JournalEntry): StoreEvent {
    let objects = this.resources.get(res);
    if (!objects) {
      objects = new Map();
      this.resources.set(res, objects);
    }
    const key = keyOfObject(obj);
    const previous = objects.get(key);
    if (op === 'del') objects.delete(key);
    else objects.set(key, obj);
    const type = op === 'del' ? 'DELETED' : previous ? 'MODIFIED' : 'ADDED';
    return { revision: rv, type, resource: res, object: obj, previous };
  }

  private compactJournal(): void {
    const all: JournalEntry[] = [];
    for (const [res, objects] of this.resources) {
      for (const obj of objects.values())
        all.push({ rv: Number(obj.metadata.resourceVersion), op: 'put', res, obj });
    }
    this.journal.compact(this.lastRevision, all);
  }

  private deliver(event: StoreEvent): void {
    this.undelivered.push(event);
    if (this.delivering) return;
    this.delivering = true;
    try {
      for (let next = this.undelivered.shift(); next; next = this.undelivered.shift()) {
        for (const listener of this.listeners) listener(next);
      }
    } finally {
      this.delivering = false;
    }
  }
}
