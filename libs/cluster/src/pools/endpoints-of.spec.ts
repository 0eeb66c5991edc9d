import { describe, expect, it } from '@jest/globals';
import type { Pod } from '@penstock/contracts';
import fc from 'fast-check';
import { enginePod } from '../../test/objects.js';
import { endpointsOf, type Pool } from '../index.js';

const pool: Pool = {
  namespace: 'ns',
  name: 'p',
  uid: 'u',
  group: 'inference.networking.k8s.io',
  selector: { app: 'engine' },
  targetPorts: [8000],
  appProtocol: 'http',
};

describe('endpointsOf', () => {
  it('reads everything from a pod', () => {
    const pod = enginePod({
      name: 'e3',
      restarts: 2,
      ports: [
        { name: 'http', containerPort: 8000 },
        { name: 'kv-events', containerPort: 5557 },
        { name: 'kv-replay', containerPort: 5558 },
      ],
    });
    expect(endpointsOf(pool, [pod])).toEqual([
      {
        engineId: 'ns/e3',
        namespace: 'ns',
        pod: 'e3',
        podUid: 'uid-e3',
        restartCount: 2,
        startedAtMs: Date.UTC(2026, 10, 20, 9),
        ip: '127.20.0.1',
        port: 8000,
        rank: 0,
        address: '127.20.0.1:8000',
        ready: true,
        terminating: false,
        draining: false,
        labels: { app: 'engine' },
        kvEventsPort: 5557,
        kvReplayPort: 5558,
      },
    ]);
  });

  it('says which node a bound pod runs on', () => {
    const pod = enginePod({});
    const bound = { ...pod, spec: { containers: [], ...pod.spec, nodeName: 'node-7' } } as Pod;
    expect(endpointsOf(pool, [bound])[0]?.nodeName).toBe('node-7');
    expect(endpointsOf(pool, [pod])[0]).not.toHaveProperty('nodeName');
  });

  it('makes one endpoint per target port, with the KV ports of its rank', () => {
    const pod = enginePod({ ports: [{ name: 'kv-events', containerPort: 5557 }] });
    const ranks = endpointsOf({ ...pool, targetPorts: [8000, 8001, 8002] }, [pod]);
    expect(ranks.map((e) => [e.engineId, e.address, e.rank, e.kvEventsPort, e.kvReplayPort])).toEqual([
      ['ns/e0', '127.20.0.1:8000', 0, 5557, undefined],
      ['ns/e0#1', '127.20.0.1:8001', 1, 5558, undefined],
      ['ns/e0#2', '127.20.0.1:8002', 2, 5559, undefined],
    ]);
  });

  it.each([
    [{ 'llm-d.ai/active-ports': '8001' }, ['ns/e0#1']],
    [{ 'inference.networking.k8s.io/active-ports': '8000, 8001' }, ['ns/e0', 'ns/e0#1']],
    [{ 'llm-d.ai/active-ports': '8000', 'inference.networking.k8s.io/active-ports': '8001' }, ['ns/e0']],
    [{ 'llm-d.ai/active-ports': 'all' }, ['ns/e0', 'ns/e0#1']],
  ])('keeps ranks when annotations %j choose ports', (annotations, ids) => {
    const endpoints = endpointsOf({ ...pool, targetPorts: [8000, 8001] }, [enginePod({ annotations })]);
    expect(endpoints.map((e) => e.engineId)).toEqual(ids);
  });

  it('brackets an IPv6 address', () => {
    expect(endpointsOf(pool, [enginePod({ ip: 'fd00::7' })])[0]?.address).toBe('[fd00::7]:8000');
  });

  it('marks a pod that is being deleted as terminating and not ready, though its condition says ready', () => {
    expect(endpointsOf(pool, [enginePod({ deleted: true })])[0]).toMatchObject({
      ready: false,
      terminating: true,
    });
  });

  it.each(['2026-11-25T23:00:00Z', '', 'soon'])(
    'marks a pod annotated as draining with %j, still ready',
    (value) => {
      const pod = enginePod({ annotations: { 'penstock.dev/draining': value } });
      expect(endpointsOf(pool, [pod])[0]).toMatchObject({ ready: true, draining: true });
    },
  );

  it('takes the pods of a plain Deployment: no ports, no probe, no labels of ours', () => {
    const worker = { app: 'llama-70b-worker', 'llm-d.ai/role': 'decode' };
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: 'ns',
        name: 'llama-70b-decode-5d8f-x2x',
        uid: 'u',
        labels: { ...worker, 'pod-template-hash': '5d8f' },
      },
      spec: {
        containers: [{ name: 'vllm-decode', image: 'vllm/vllm-openai:v0.18.0', args: ['--dtype=fp8'] }],
      },
      status: {
        phase: 'Running',
        podIP: '10.1.2.3',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [{ name: 'vllm-decode', restartCount: 1 }],
      },
    };
    const [endpoint] = endpointsOf({ ...pool, selector: worker }, [pod]);
    expect(endpoint).toMatchObject({
      address: '10.1.2.3:8000',
      ready: true,
      restartCount: 1,
      draining: false,
    });
    expect([endpoint?.kvEventsPort, endpoint?.kvReplayPort]).toEqual([undefined, undefined]);
    const prefill = {
      ...pod,
      metadata: { ...pod.metadata, labels: { ...worker, 'llm-d.ai/role': 'prefill' } },
    };
    expect(endpointsOf({ ...pool, selector: worker }, [prefill])).toEqual([]);
  });

  it('reads restarts from the container with the port, else from all', () => {
    const pod = enginePod({ restarts: 2 });
    const sidecar = {
      name: 'sidecar',
      restartCount: 5,
      state: { running: { startedAt: '2026-11-20T09:30:00Z' } },
    };
    pod.spec?.containers.push({ name: 'sidecar' });
    pod.status?.containerStatuses?.push(sidecar);
    expect(endpointsOf(pool, [pod])[0]).toMatchObject({
      restartCount: 2,
      startedAtMs: Date.UTC(2026, 10, 20, 9),
    });
    const undeclared = { ...pod, spec: { containers: [{ name: 'engine' }, { name: 'sidecar' }] } };
    expect(endpointsOf(pool, [undeclared])[0]).toMatchObject({
      restartCount: 7,
      startedAtMs: Date.UTC(2026, 10, 20, 9, 30),
    });
  });

  it('serves pods without status, spec or labels without failing', () => {
    const bare = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns', name: 'x' } };
    expect(endpointsOf(pool, [bare])).toEqual([]);
    const addressed = {
      ...bare,
      metadata: { ...bare.metadata, labels: { app: 'engine' } },
      status: { podIP: '1.2.3.4' },
    };
    expect(endpointsOf(pool, [addressed])[0]).toMatchObject({ ready: false, restartCount: 0, podUid: '' });
  });

  it('agrees with the definition for any pods, in any order', () => {
    const labels = fc.dictionary(
      fc.constantFrom('app', 'tier', 'toString'),
      fc.constantFrom('engine', 'x', ''),
    );
    const facts = fc.record({
      namespace: fc.constantFrom('ns', 'other'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      labels,
      ip: fc.constantFrom('10.0.0.1', ''),
      phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
      ready: fc.boolean(),
      deleted: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(facts, { selector: (f) => `${f.namespace}/${f.name}` }),
        labels.filter((l) => Object.keys(l).length > 0),
        fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 8 }),
        (pods, selector, targetPorts) => {
          const subject = { ...pool, selector, targetPorts };
          const endpoints = endpointsOf(subject, pods.map(enginePod));
          const chosen = pods.filter(
            (f) =>
              f.namespace === 'ns' &&
              f.ip !== '' &&
              (f.phase === 'Pending' || f.phase === 'Running') &&
              Object.keys(selector).every((k) => Object.hasOwn(f.labels, k) && f.labels[k] === selector[k]),
          );
          expect(endpoints).toHaveLength(chosen.length * targetPorts.length);
          expect(new Set(endpoints.map((e) => e.engineId)).size).toBe(endpoints.length);
          for (const e of endpoints) {
            const f = chosen.find((c) => c.name === e.pod);
            expect(e.port).toBe(targetPorts[e.rank]);
            expect([e.ready, e.terminating]).toEqual([f?.ready === true && !f.deleted, f?.deleted]);
          }
          expect(endpointsOf(subject, pods.map(enginePod).reverse())).toEqual(endpoints);
        },
      ),
    );
  });
});
