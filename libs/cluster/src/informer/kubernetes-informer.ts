import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClusterError,
  type ClusterObject,
  type Informer,
  type InformerHandlers,
  type InformerOptions,
  type ResourceKind,
} from '@penstock/core/ports';
import { Backoff, type BackoffOptions } from '../backoff.js';
import { apiError } from '../connection/api-error.js';
import { resourcePath } from '../connection/resource-path.js';
import { type RestClient, withKind } from '../connection/rest-client.js';
import type { ListReason, NoticeHandler, WatchEnd } from '../notices.js';
import { ObjectCache } from './object-cache.js';
import { BrokenLineError, readWatch, type WatchEvent } from './watch-stream.js';

export interface InformerTiming {
  /** A watch on which nothing arrives for this long is taken for dead and made anew, from where it was. */
  readonly watchIdleMs: number;
  readonly backoff: BackoffOptions;
}

/** A watch that lived this long proves the server well: the next failure starts with the first delay again. */
const STABLE_WATCH_MS = 2_000;
/** How often a list must say that the kind is unknown before objects that were seen are given up. */
const ABSENT_CONFIRMATIONS = 3;

/** List, then watch from the list's version; list again only when that version is gone. */
export class KubernetesInformer<T extends ClusterObject> implements Informer<T> {
  readonly #cache: ObjectCache<T>;
  readonly #stopping = new AbortController();
  /** Resolves after `stop()`. */
  readonly stopped: Promise<void>;
  readonly #backoff: Backoff;
  /** Opaque; undefined when the next step is a list. */
  #resourceVersion: string | undefined;
  #listReason: ListReason = 'first';
  #synced = false;
  #aliveMs = performance.now();
  #absences = 0;

  constructor(
    private readonly rest: RestClient,
    private readonly kind: ResourceKind<T>,
    private readonly options: InformerOptions,
    private readonly handlers: InformerHandlers<T>,
    private readonly timing: InformerTiming,
    private readonly notify: NoticeHandler,
  ) {
    this.#backoff = new Backoff(timing.backoff);
    this.#cache = new ObjectCache({
      onUpsert: (object) => this.#handle(() => handlers.onUpsert?.(object)),
      onDelete: (object) => this.#handle(() => handlers.onDelete?.(object)),
    });
    this.stopped = this.#run();
  }

  get synced(): boolean {
    return this.#synced;
  }

  list(): readonly T[] {
    return this.#cache.list();
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#cache.get(namespace, name);
  }

  ageMs(): number {
    return performance.now() - this.#aliveMs;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.stopped;
  }

  async #run(): Promise<void> {
    const stop = this.#stopping.signal;
    while (!stop.aborted) {
      const startedMs = performance.now();
      let retryAfterMs = 0;
      try {
        if (this.#resourceVersion === undefined) await this.#relist();
        if (!stop.aborted) await this.#watch();
      } catch (error) {
        if (stop.aborted) return;
        retryAfterMs = this.#failed(error);
      }
      if (stop.aborted) return;
      if (performance.now() - startedMs >= STABLE_WATCH_MS && retryAfterMs === 0) this.#backoff.reset();
      await sleep(this.#backoff.nextMs(retryAfterMs), undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #relist(): Promise<void> {
    const list = await this.rest.list(this.kind, this.options, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#absences = 0;
    this.#alive();
    for (const object of list.items) dropManagedFields(object);
    this.#cache.replaceAll(list.items);
    this.#resourceVersion = list.resourceVersion;
    this.notify({
      kind: 'listed',
      resource: this.#resource,
      objects: list.items.length,
      reason: this.#listReason,
    });
    this.#listReason = 'gone';
    this.#nowSynced();
  }

  async #watch(): Promise<void> {
    const silence = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), this.timing.watchIdleMs);
      timer.unref();
    };
    listen();
    try {
      const stream = await this.rest.stream({
        method: 'GET',
        path: resourcePath(this.kind, this.options.namespace),
        query: {
          watch: 'true',
          allowWatchBookmarks: 'true',
          labelSelector: this.options.labelSelector,
          fieldSelector: this.options.fieldSelector,
          resourceVersion: this.#resourceVersion,
          // Spread over time so that the informers of a fleet do not come back at once.
          timeoutSeconds: String(240 + Math.floor(Math.random() * 120)),
        },
        signal: AbortSignal.any([this.#stopping.signal, silence.signal]),
      });
      this.#alive();
      const alive = () => {
        this.#alive();
        listen();
      };
      await readWatch(stream, alive, (event) => this.#apply(event));
      this.#ended('closed');
    } catch (error) {
      if (!silence.signal.aborted || this.#stopping.signal.aborted) throw error;
      this.#ended('silent', `nothing arrived for ${this.timing.watchIdleMs} ms`);
    } finally {
      clearTimeout(timer);
    }
  }

  #apply(event: WatchEvent): void {
    if (this.#stopping.signal.aborted) return;
    if (event.type === 'ERROR') {
      const status = event.object as { code?: number };
      throw apiError(`the watch of ${this.#resource}`, status.code ?? 500, JSON.stringify(status));
    }
    const object = event.object as T;
    if (event.type !== 'BOOKMARK') {
      withKind(this.kind, object);
      dropManagedFields(object);
      if (event.type === 'DELETED') this.#cache.delete(object);
      else this.#cache.upsert(object);
    }
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
  }

  /** @returns what the server asked us to wait, in milliseconds */
  #failed(error: unknown): number {
    const reason = error instanceof ClusterError ? error.reason : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (reason === 'gone') {
      this.#resourceVersion = undefined;
      this.#ended('gone', message);
    } else if (reason === 'not-found') {
      this.#absent();
    } else {
      this.#ended(error instanceof BrokenLineError ? 'broken' : 'failed', message);
    }
    return error instanceof ClusterError ? (error.retryAfterMs ?? 0) : 0;
  }

  /** The definition of the kind is not installed: there are no objects, and that is an answer. */
  #absent(): void {
    this.#alive();
    this.#resourceVersion = undefined;
    this.#absences++;
    // A proxy in trouble says 404 too: believe it at once only when nothing would be lost.
    if (this.#cache.size > 0 && this.#absences < ABSENT_CONFIRMATIONS) return;
    if (this.#absences === 1 || this.#cache.size > 0) {
      this.notify({ kind: 'kind-absent', resource: this.#resource });
    }
    this.#cache.replaceAll([]);
    if (!this.#synced) this.#nowSynced();
  }

  #nowSynced(): void {
    this.#synced = true;
    this.#handle(() => this.handlers.onSync?.());
  }

  #ended(reason: WatchEnd, message?: string): void {
    this.notify({ kind: 'watch-ended', resource: this.#resource, reason, message });
  }

  #alive(): void {
    this.#aliveMs = performance.now();
  }

  /** A handler that throws must not end the watch of everybody else. */
  #handle(call: () => void): void {
    try {
      call();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.notify({ kind: 'handler-failed', resource: this.#resource, message });
    }
  }

  get #resource(): string {
    return `${this.kind.plural}.${this.kind.group || 'core'}`;
  }
}

/** Nobody reads them here, and they are often half of an object. */
function dropManagedFields(object: ClusterObject): void {
  delete (object.metadata as { managedFields?: unknown }).managedFields;
}
