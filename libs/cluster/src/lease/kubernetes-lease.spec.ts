import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { LeaseHandle } from '@penstock/core/ports';
import { eventually } from '../../test/eventually.js';
import { LeaseStore } from '../../test/lease-store.js';
import { json, type Script, ScriptedApiServer, status } from '../../test/scripted-api-server.js';
import { type ClusterNotice, KubernetesCluster } from '../index.js';

interface Candidate {
  server: ScriptedApiServer;
  cluster: KubernetesCluster;
  lease: LeaseHandle;
  calls: string[];
  notices: string[];
}

const candidates: Candidate[] = [];

afterEach(async () => {
  for (const candidate of candidates.splice(0)) {
    await candidate.cluster.close();
    await candidate.server.stop();
  }
});

/** Every candidate has a server of its own on the shared store, so that one can be cut off. */
async function candidate(
  store: LeaseStore,
  identity: string,
  script: Script = store.script,
): Promise<Candidate> {
  const server = await new ScriptedApiServer(script).start();
  const notices: string[] = [];
  const onNotice = (notice: ClusterNotice) => void notices.push(notice.kind);
  const cluster = new KubernetesCluster({ service: 'test', url: server.url, onNotice });
  const calls: string[] = [];
  const lease = cluster.lease({
    namespace: 'ns',
    name: 'leader',
    identity,
    durationMs: 1000,
    onAcquired: (transitions) => calls.push(`acquired ${transitions}`),
    onLost: () => calls.push('lost'),
  });
  const made = { server, cluster, lease, calls, notices };
  candidates.push(made);
  return made;
}

const held = (c: Candidate) => c.lease.held;

describe('KubernetesLease', () => {
  it('makes the lease, writes what kubectl shows, and keeps renewing', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    expect(a.calls).toEqual(['acquired 1']);
    const spec = store.current?.spec as Record<string, unknown>;
    expect(spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 1, leaseTransitions: 1 });
    expect(spec['acquireTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await sleep(1500);
    expect(held(a)).toBe(true);
    expect(a.calls).toEqual(['acquired 1']);
    expect(store.current?.spec).not.toMatchObject({ renewTime: spec['renewTime'] });
  });

  it('is handed over at once by release, with a larger fencing token', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    const b = await candidate(store, 'b');
    await sleep(400);
    expect(held(b)).toBe(false);
    const startedMs = performance.now();
    await a.lease.release();
    expect(held(a)).toBe(false);
    await eventually(() => held(b), Boolean);
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(b.lease.transitions).toBe(2);
    expect(a.calls).toEqual(['acquired 1', 'lost']);
    expect(a.notices).not.toContain('lease-lost');
  });

  it('is never held twice: a holder that is cut off counts itself out before another takes over', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    const b = await candidate(store, 'b');
    await sleep(300);
    await a.server.stop();
    let both = 0;
    await eventually(() => {
      if (held(a) && held(b)) both++;
      return held(b);
    }, Boolean);
    expect(both).toBe(0);
    expect(a.calls).toEqual(['acquired 1', 'lost']);
    expect([b.lease.transitions, store.current?.spec.holderIdentity]).toEqual([2, 'b']);
    await a.server.start();
    await sleep(400);
    expect(held(a)).toBe(false);
    expect(held(b)).toBe(true);
  });

  it('does not think it holds the lease right after it was paused beyond its time', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    // Blocks the whole thread: no timer can have run when it goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
    expect(held(a)).toBe(false);
    await eventually(
      () => a.calls,
      (calls) => calls.length === 3,
    );
    expect(a.calls).toEqual(['acquired 1', 'lost', 'acquired 2']);
  });

  it('takes its lease back without waiting when it was cut off but nobody else wanted it', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    await a.server.stop();
    await eventually(
      () => a.calls,
      (calls) => calls.includes('lost'),
    );
    await a.server.start();
    await eventually(() => held(a), Boolean);
    expect(a.calls).toEqual(['acquired 1', 'lost', 'acquired 2']);
  });

  it('recovers from a write that was applied but whose answer was lost', async () => {
    const store = new LeaseStore();
    let lost = 0;
    const a = await candidate(store, 'a', (request, response) => {
      if (request.method !== 'GET' && lost < 1) {
        lost++;
        store.write(request.body as never);
        return void response.socket?.destroy();
      }
      return store.script(request, response);
    });
    const startedMs = performance.now();
    await eventually(() => held(a), Boolean);
    // Not a whole duration: it knows that the holder in the object is itself.
    expect(performance.now() - startedMs).toBeLessThan(900);
    expect(store.current?.spec.holderIdentity).toBe('a');
  });

  it('loses a lease that another process took by force, and only then', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    const current = store.current as NonNullable<typeof store.current>;
    store.write({ ...current, metadata: { ...current.metadata, labels: { x: 'y' } } as never });
    await sleep(600);
    expect(a.calls).toEqual(['acquired 1']);
    const now = store.current as NonNullable<typeof store.current>;
    store.write({ ...now, spec: { ...now.spec, holderIdentity: 'thief', leaseTransitions: 5 } });
    await eventually(
      () => a.calls,
      (calls) => calls.includes('lost'),
    );
    await eventually(() => held(a), Boolean);
    expect(a.lease.transitions).toBe(6);
  });

  it('goes on counting when the object was deleted', async () => {
    const store = new LeaseStore();
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean);
    store.current = undefined;
    await eventually(
      () => a.calls.at(-1),
      (call) => call === 'acquired 2',
    );
    expect(a.calls).toEqual(['acquired 1', 'lost', 'acquired 2']);
  });

  it('takes over at once from the process before it that had the same name', async () => {
    const store = new LeaseStore();
    store.write({
      metadata: { resourceVersion: '' },
      spec: { holderIdentity: 'a', leaseTransitions: 3, leaseDurationSeconds: 60, renewTime: 'x' } as never,
    });
    const a = await candidate(store, 'a');
    await eventually(() => held(a), Boolean, 500);
    expect(a.lease.transitions).toBe(4);
  });

  it('does not hammer the API in a storm of conflicts', async () => {
    const store = new LeaseStore();
    store.write({ metadata: { resourceVersion: '' }, spec: {} });
    const a = await candidate(store, 'a', (request, response) =>
      request.method === 'GET' ? json(response, 200, store.current) : status(response, 409, 'Conflict'),
    );
    await sleep(1500);
    expect(a.calls).toEqual([]);
    expect(a.server.requests.length).toBeGreaterThan(4);
    expect(a.server.requests.length).toBeLessThan(80);
  });
});
