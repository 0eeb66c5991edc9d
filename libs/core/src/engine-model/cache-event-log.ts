import type { CacheEvent } from './cache-event.js';
import type { EngineRequest } from './engine-request.js';

/** Collects cache events in order, neighbours of one kind as one run. Does nothing when disabled. */
export class CacheEventLog<R extends EngineRequest> {
  private events: CacheEvent<R>[] = [];
  private open: number[] = [];
  private removing = false;

  constructor(private readonly enabled: boolean) {}

  removed(content: number): void {
    if (!this.enabled) return;
    if (!this.removing) {
      this.open = [];
      this.removing = true;
      this.events.push({ type: 'removed', contents: this.open });
    }
    this.open.push(content);
  }

  /** Starts a run of stored blocks of one request; `stored` calls follow. `parent` -1 means none. */
  beginStored(request: R, firstBlock: number, parent: number, loaded: boolean): void {
    if (!this.enabled) return;
    this.removing = false;
    this.open = [];
    this.events.push({
      type: 'stored',
      request,
      firstBlock,
      contents: this.open,
      parent: parent === -1 ? undefined : parent,
      ...(loaded && { loaded }),
    });
  }

  stored(content: number): void {
    if (this.enabled) this.open.push(content);
  }

  take(): readonly CacheEvent<R>[] {
    const taken = this.events;
    this.events = [];
    this.removing = false;
    return taken;
  }
}
