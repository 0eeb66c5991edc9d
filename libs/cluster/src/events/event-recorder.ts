import { createHash } from 'node:crypto';
import { type KubernetesEvent, kubernetesEventKind } from '@penstock/contracts';
import { ClusterError, type ClusterEvent } from '@penstock/core/ports';
import { LRUCache } from 'lru-cache';
import { resourcePath } from '../connection/resource-path.js';
import type { RestClient } from '../connection/rest-client.js';
import type { NoticeHandler } from '../notices.js';

/** What was told before, so that a repetition raises its count. */
interface Told {
  readonly name: string;
  readonly namespace: string;
  count: number;
  /** When the API heard of it last, on the monotonic clock. */
  writtenMs: number;
}

/** A repetition within this time is counted here and written with a later one. */
const QUIET_MS = 10_000;
/** Distinct events remembered. */
const MEMORY = 4096;
/** Events that wait for the API at most; further ones are dropped: the decisions themselves are in the objects. */
const MAX_WAITING = 1000;
/** Longest message the API takes, in characters. */
const MAX_MESSAGE = 1024;

/**
 * Writes core/v1 Events one after the other in the background. The same event again (object, reason, message) raises the
 * count of the first one. Failures are told by the REST client and lose the event, nothing else; events that find no
 * room are counted, and told once those before them are written.
 */
export class EventRecorder {
  readonly #told = new LRUCache<string, Told>({ max: MEMORY });
  readonly #waiting: Array<() => Promise<void>> = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #dropped = 0;

  constructor(
    private readonly rest: RestClient,
    private readonly component: string,
    private readonly notify: NoticeHandler,
  ) {}

  record(event: ClusterEvent): void {
    if (this.#closed || this.#waiting.length >= MAX_WAITING) {
      this.#dropped += 1;
      return;
    }
    const at = new Date().toISOString();
    this.#waiting.push(() => this.#write(event, at));
    this.#running ??= this.#drain();
  }

  /** Writes what waits, unless the API does not answer; nothing is taken afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    this.#tellDropped();
  }

  async #drain(): Promise<void> {
    for (let write = this.#waiting.shift(); write !== undefined; write = this.#waiting.shift()) {
      const isSilent = await write().then(
        () => false,
        (error: unknown) => error instanceof ClusterError && error.status === 0,
      );
      // A thousand events must not hold up the end of the process for a thousand time limits.
      if (this.#closed && isSilent) this.#dropped += this.#waiting.splice(0).length;
    }
    // In the same turn as the look that found nothing: an event after it starts anew.
    this.#running = undefined;
    this.#tellDropped();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.notify({ kind: 'events-dropped', count: this.#dropped });
    this.#dropped = 0;
  }

  async #write(event: ClusterEvent, at: string): Promise<void> {
    const id = identityOf(event);
    const told = this.#told.get(id);
    if (told === undefined) return this.#create(id, event, at);
    told.count += 1;
    if (performance.now() - told.writtenMs < QUIET_MS) return;
    told.writtenMs = performance.now();
    try {
      await this.rest.json({
        method: 'PATCH',
        path: resourcePath(kubernetesEventKind, told.namespace, told.name),
        query: { fieldManager: this.component },
        contentType: 'application/merge-patch+json',
        body: { count: told.count, lastTimestamp: at },
      });
    } catch (error) {
      // Events expire after an hour: it is told anew.
      if (!(error instanceof ClusterError) || error.reason !== 'not-found') throw error;
      await this.#create(id, event, at);
    }
  }

  async #create(id: string, event: ClusterEvent, at: string): Promise<void> {
    const { apiVersion, kind, metadata } = event.regarding;
    const namespace = metadata.namespace ?? 'default';
    const name = `${metadata.name.slice(0, 200)}.${id.slice(0, 12)}${Date.parse(at).toString(16)}`;
    const body: KubernetesEvent = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion,
        kind,
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      },
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, MAX_MESSAGE),
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component: this.component },
      reportingComponent: this.component,
    };
    this.#told.set(id, { name, namespace, count: 1, writtenMs: performance.now() });
    await this.rest.json({
      method: 'POST',
      path: resourcePath(kubernetesEventKind, namespace),
      query: { fieldManager: this.component },
      body,
    });
  }
}

function identityOf({ regarding, type, reason, message }: ClusterEvent): string {
  const { kind, metadata } = regarding;
  const parts = [kind, metadata.namespace ?? '', metadata.name, metadata.uid ?? '', type, reason, message];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
