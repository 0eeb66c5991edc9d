import { afterEach, describe, expect, it } from '@jest/globals';
import { inferenceModelKind, inferencePoolKind, inferencePoolV1Alpha2Kind } from '@penstock/contracts';
import { until } from '@penstock/testing';
import type { Condition } from '../src/application/status/merge-conditions.js';
import { type Harness, type HarnessOptions, startHarness } from './scheduler-harness.js';

interface Status {
  parents?: Array<{ parentRef: { name: string }; controllerName?: string; conditions: Condition[] }>;
  parent?: Array<{ parentRef: { name: string }; conditions: Condition[] }>;
  conditions?: Condition[];
}
const model = (name: string, created: string, spec: object = {}) => ({
  apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
  kind: 'InferenceModel',
  metadata: { name, namespace: 'ns', creationTimestamp: created },
  spec: { modelName: 'base', poolRef: { name: 'p' }, ...spec },
});

describe('statuses', () => {
  const open: Harness[] = [];
  afterEach(async () => {
    for (const h of open.splice(0)) await h.stop();
  });
  const start = async (options: HarnessOptions = {}) => {
    const h = await startHarness({ ...options, argv: ['--status-interval-ms=30', ...(options.argv ?? [])] });
    open.push(h);
    return h;
  };
  const read = async (h: Harness, kind: object, name: string) =>
    (await h.cluster.get(kind as never, 'ns', name)) as unknown as {
      metadata: { resourceVersion: string };
      status?: Status;
    };
  const conditionsOf = async (h: Harness, kind: object, name: string) => {
    const { status } = await read(h, kind, name);
    const own = [...(status?.parents ?? []), ...(status?.parent ?? [])].find(
      ({ parentRef }) => parentRef.name === 'penstock-scheduler',
    );
    const conditions = own?.conditions ?? status?.conditions ?? [];
    return Object.fromEntries(conditions.map((c) => [c.type, `${c.status} ${c.reason}`]));
  };

  it('of pools say what is served, and keep what others wrote', async () => {
    const h = await start();
    await h.cluster.mergePatch(
      inferencePoolKind as never,
      'ns',
      'p',
      { status: { parents: [{ parentRef: { name: 'gateway' }, controllerName: 'g', conditions: [] }] } },
      { subresource: 'status' },
    );
    await until(async () => (await conditionsOf(h, inferencePoolKind, 'p'))['Accepted'] === 'True Accepted');
    await until(
      async () =>
        (await conditionsOf(h, inferencePoolKind, 'p'))['penstock.dev/PrefixesExact'] === 'False NoKvEvents',
    );
    const { status } = await read(h, inferencePoolKind, 'p');
    expect(status?.parents?.map(({ controllerName }) => controllerName)).toEqual([
      'g',
      'penstock.dev/scheduler',
    ]);
    await h.setReady(0, false);
    await h.setReady(1, false);
    await until(
      async () =>
        (await conditionsOf(h, inferencePoolKind, 'p'))['penstock.dev/EnginesReady'] ===
        'False NoEngineReady',
    );
  });

  it('are written only when they change', async () => {
    const h = await start();
    await until(async () => (await conditionsOf(h, inferencePoolKind, 'p'))['Accepted'] !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { resourceVersion } = (await read(h, inferencePoolKind, 'p')).metadata;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await read(h, inferencePoolKind, 'p')).metadata.resourceVersion).toBe(resourceVersion);
  });

  it('of models say who has the name, which targets nobody serves, and what criticality means', async () => {
    const targetModels = [
      { name: 'base', weight: 70 },
      { name: 'code-lora', weight: 30 },
    ];
    const models = [
      model('first', '2026-01-01T00:00:00Z', { criticality: 'Sheddable', targetModels }),
      model('second', '2026-02-01T00:00:00Z'),
      model('broken', '2026-03-01T00:00:00Z', { modelName: '' }),
      model('lost', '2026-03-01T00:00:00Z', { modelName: 'x', poolRef: { name: 'gone' } }),
    ];
    const h = await start({ models });
    const of = (name: string) => conditionsOf(h, inferenceModelKind, name);
    await until(async () => (await of('first'))['penstock.dev/TargetsServed'] === 'False TargetsNotServed');
    expect(await of('first')).toEqual({
      Accepted: 'True Accepted',
      ResolvedRefs: 'True ResolvedRefs',
      'penstock.dev/TargetsServed': 'False TargetsNotServed',
      'penstock.dev/CriticalityEnforced': 'False NotYetEnforced',
    });
    expect(await of('second')).toMatchObject({ Accepted: 'False NameInUse' });
    expect(await of('broken')).toMatchObject({ Accepted: 'False Invalid' });
    expect(await of('lost')).toMatchObject({ ResolvedRefs: 'False PoolNotFound' });
    await h.cluster.delete(inferenceModelKind as never, 'ns', 'first');
    await until(async () => (await of('second'))['Accepted'] === 'True Accepted');
  });

  it('of the older version of a pool go to its own list', async () => {
    const h = await start();
    await h.cluster.create(
      inferencePoolV1Alpha2Kind as never,
      {
        apiVersion: 'inference.networking.x-k8s.io/v1alpha2',
        kind: 'InferencePool',
        metadata: { name: 'old', namespace: 'ns' },
        spec: {
          targetPortNumber: 8000,
          selector: { matchLabels: { app: 'old', 'llm-d.ai/role': 'decode' } },
        },
      } as never,
    );
    await until(
      async () => (await conditionsOf(h, inferencePoolV1Alpha2Kind, 'old'))['Accepted'] === 'True Accepted',
    );
    const { status } = await read(h, inferencePoolV1Alpha2Kind, 'old');
    expect([status?.parents, status?.parent?.length]).toEqual([undefined, 1]);
  });

  it('are written by the replica that holds the lease only', async () => {
    const h = await start();
    const of = () => conditionsOf(h, inferencePoolKind, 'p');
    await until(async () => (await of())['penstock.dev/EnginesReady'] === 'True EnginesReady');
    const ignore = () => {};
    const name = 'penstock-scheduler-status';
    const other = h.cluster.lease({
      namespace: 'default',
      name,
      identity: 'other',
      onAcquired: ignore,
      onLost: ignore,
    });
    h.cluster.expireLease('default', name);
    const health = async () => (await fetch(`${h.metricsUrl}/readyz`)).text();
    await until(async () => (await health()).includes('written by another replica'));
    await h.setReady(0, false);
    await h.setReady(1, false);
    await until(async () =>
      (await h.metrics()).includes('penstock_scheduler_endpoints{pool="ns/p",state="ready"} 0'),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await of())['penstock.dev/EnginesReady']).toBe('True EnginesReady');
    await other.release();
    await until(async () => (await of())['penstock.dev/EnginesReady'] === 'False NoEngineReady');
  });

  it('say in health that they cannot be written', async () => {
    const h = await start();
    await until(async () => (await conditionsOf(h, inferencePoolKind, 'p'))['Accepted'] !== undefined);
    const health = async () => (await fetch(`${h.metricsUrl}/readyz`)).text();
    expect(await health()).toContain('written by this replica');
    h.cluster.mergePatch = () => Promise.reject(new Error('the role may not patch statuses'));
    await h.addPod(7);
    await until(async () => (await health()).includes('the role may not patch statuses'));
    expect(await h.metrics()).toContain(
      'penstock_scheduler_status_writes_total{kind="InferencePool",result="failed"}',
    );
  });
});
