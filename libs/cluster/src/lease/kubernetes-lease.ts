import { setTimeout as sleep } from 'node:timers/promises';
import { type Lease, leaseKind } from '@penstock/contracts';
import { ClusterError, type LeaseHandle, type LeaseOptions, type ResourceKind } from '@penstock/core/ports';
import { Backoff } from '../backoff.js';
import { resourcePath } from '../connection/resource-path.js';
import type { RestClient } from '../connection/rest-client.js';
import type { NoticeHandler } from '../notices.js';
import { freeInMs, microTime, readLease } from './lease-record.js';

const DEFAULT_DURATION_MS = 15_000;

/**
 * Leader election on one Lease object.
 *
 * The holder renews every fifth of the duration and counts itself out after two thirds without success;
 * others wait the whole duration. So at most one process believes that it holds the lease, as long as
 * monotonic clocks run alike to within a third. Work that must never be done twice carries `transitions`.
 */
export class KubernetesLease implements LeaseHandle {
  readonly #kind = leaseKind as ResourceKind<Lease & { metadata: { name: string } }>;
  readonly #durationMs: number;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  /** Resolves after `release()`. */
  readonly stopped: Promise<void>;
  #transitions = 0;
  /** Highest value ever seen: a Lease that was deleted goes on from here. */
  #highestTransitions = 0;
  #holding = false;
  #heldUntilMs = 0;
  #expiry: NodeJS.Timeout | undefined;
  #last: Lease | undefined;
  #seen: { readonly fingerprint: string; readonly sinceMs: number } | undefined;
  /** `acquireTime` of our last acquisition, whose answer may have been lost. */
  #attempt = '';

  constructor(
    private readonly rest: RestClient,
    private readonly options: LeaseOptions,
    private readonly notify: NoticeHandler,
  ) {
    this.#durationMs = Math.max(1000, options.durationMs ?? DEFAULT_DURATION_MS);
    this.#backoff = new Backoff({ initialMs: this.#durationMs / 20, maxMs: this.#durationMs / 3 });
    this.stopped = this.#run();
  }

  /** True only while no other process can have taken over, also right after this one was paused. */
  get held(): boolean {
    return this.#holding && performance.now() < this.#heldUntilMs;
  }

  get transitions(): number {
    return this.#transitions;
  }

  /** Gives the lease up at once, after `onLost`, so that another can take it without waiting. */
  async release(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const held = this.held;
    this.#stopping.abort();
    clearTimeout(this.#expiry);
    if (this.#holding) {
      this.#holding = false;
      this.#call(() => this.options.onLost());
    }
    await this.stopped;
    // When this fails the lease runs out by itself.
    if (held)
      await this.#giveBack(AbortSignal.timeout(Math.ceil(this.#durationMs / 3))).catch(() => undefined);
  }

  /** Reads first: a renewal that was cut off by the release may have been written. */
  async #giveBack(signal: AbortSignal): Promise<void> {
    const current = await this.#get(signal);
    if (current?.spec?.holderIdentity !== this.options.identity) return;
    const renewTime = microTime(new Date());
    const spec = { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    await this.#put({ ...current, spec }, signal);
  }

  async #run(): Promise<void> {
    const stop = this.#stopping.signal;
    while (!stop.aborted) {
      let waitMs: number;
      try {
        waitMs = this.held ? await this.#renew() : await this.#tryAcquire();
        this.#backoff.reset();
      } catch (error) {
        if (stop.aborted) return;
        // Refusals and silence of the API were noted where they happened.
        if (!(error instanceof ClusterError)) this.#failed(error);
        waitMs = this.#backoff.nextMs(error instanceof ClusterError ? error.retryAfterMs : 0);
      }
      await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #renew(): Promise<number> {
    const sentMs = performance.now();
    const last = this.#last as Lease;
    try {
      const spec = { ...last.spec, renewTime: microTime(new Date()) };
      this.#last = await this.#put({ ...last, spec });
      this.#hold(sentMs);
      return this.#renewEveryMs();
    } catch (error) {
      if (!(error instanceof ClusterError) || !['conflict', 'not-found'].includes(error.reason)) throw error;
    }
    // Somebody wrote: read again. It is still ours when only other fields changed or an answer was lost.
    const current = await this.#get();
    const record = current === undefined ? undefined : readLease(current);
    if (record?.holder === this.options.identity && record.transitions === this.#transitions) {
      this.#last = current;
      return 0;
    }
    this.#lose();
    return 0;
  }

  async #tryAcquire(): Promise<number> {
    // The process was paused beyond its time: say so before anything else.
    if (this.#holding) this.#lose();
    const current = await this.#get();
    if (current === undefined) return this.#take(undefined, this.#highestTransitions + 1);
    const record = readLease(current);
    this.#highestTransitions = Math.max(this.#highestTransitions, record.transitions);
    const first = this.#seen === undefined;
    const nowMs = performance.now();
    if (this.#seen?.fingerprint !== record.fingerprint) {
      this.#seen = { fingerprint: record.fingerprint, sinceMs: nowMs };
    }
    const unchangedForMs = nowMs - (this.#seen?.sinceMs ?? nowMs);
    // Written by the process before us, or by us without seeing the answer, or before we lost it unopposed.
    const ours = record.holder === this.options.identity && (first || record.acquireTime === this.#attempt);
    const waitMs = ours ? 0 : freeInMs(record, unchangedForMs);
    if (waitMs > 0) return Math.min(waitMs + 10, this.#renewEveryMs());
    return this.#take(current, this.#highestTransitions + 1);
  }

  async #take(current: Lease | undefined, transitions: number): Promise<number> {
    const sentMs = performance.now();
    const now = microTime(new Date());
    this.#attempt = now;
    const spec = {
      holderIdentity: this.options.identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
      acquireTime: now,
      renewTime: now,
      leaseTransitions: transitions,
    };
    try {
      this.#last = current === undefined ? await this.#create(spec) : await this.#put({ ...current, spec });
    } catch (error) {
      // Another was quicker: look again soon.
      if (error instanceof ClusterError && ['conflict', 'already-exists'].includes(error.reason)) {
        return this.#renewEveryMs() / 4;
      }
      throw error;
    }
    this.#transitions = transitions;
    this.#highestTransitions = transitions;
    this.#hold(sentMs);
    return this.#renewEveryMs();
  }

  /** @param sentMs when the write that proves the hold was sent: others count from later */
  #hold(sentMs: number): void {
    if (this.#stopping.signal.aborted) return;
    const acquired = !this.#holding;
    this.#holding = true;
    this.#heldUntilMs = sentMs + (this.#durationMs * 2) / 3;
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#lose(), Math.max(0, this.#heldUntilMs - performance.now()));
    if (!acquired) return;
    this.notify({ kind: 'lease-acquired', lease: this.#name, transitions: this.#transitions });
    this.#call(() => this.options.onAcquired(this.#transitions));
  }

  #lose(): void {
    clearTimeout(this.#expiry);
    if (!this.#holding) return;
    this.#holding = false;
    this.notify({ kind: 'lease-lost', lease: this.#name, transitions: this.#transitions });
    this.#call(() => this.options.onLost());
  }

  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.notify({ kind: 'handler-failed', resource: `lease ${this.#name}`, message });
  }

  async #get(signal: AbortSignal = this.#limit()): Promise<Lease | undefined> {
    try {
      return await this.rest.json<Lease>({ method: 'GET', path: this.#path(), signal });
    } catch (error) {
      if (error instanceof ClusterError && error.reason === 'not-found') return undefined;
      throw error;
    }
  }

  #create(spec: Lease['spec']): Promise<Lease> {
    const { namespace, name } = this.options;
    return this.rest.json<Lease>({
      method: 'POST',
      path: resourcePath(this.#kind, namespace),
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec },
      signal: this.#limit(),
    });
  }

  /** Replaces the object; its resource version makes a concurrent change a conflict. */
  #put(lease: Lease, signal: AbortSignal = this.#limit()): Promise<Lease> {
    return this.rest.json<Lease>({ method: 'PUT', path: this.#path(), body: lease, signal });
  }

  #path(): string {
    return resourcePath(this.#kind, this.options.namespace, this.options.name);
  }

  /** A request that hangs must leave time for another one before the lease runs out. */
  #limit(): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(Math.ceil(this.#durationMs / 3))]);
  }

  #renewEveryMs(): number {
    return (this.#durationMs / 5) * (0.9 + Math.random() * 0.2);
  }

  get #name(): string {
    return `${this.options.namespace}/${this.options.name}`;
  }
}
