import { describe, expect, it } from '@jest/globals';
import type { PodClique } from '@penstock/contracts';
import { NAMESPACE, POOL } from '../../src/suite/suite-options.js';
import { CapacityLab } from './capacity-lab.js';
import { expectBound } from './expect-bound.js';
import { kinds } from './kinds.js';
import { clique, cliqueSet, engineContainer, variant } from './objects.js';

const { ENGINES, MODEL } = CapacityLab;
const DEAR = 'dear-0-engine';
const IDLE = { 'penstock.dev/scale-to-zero-after': '5s' };
const REQUESTS = 20;

export function describeSleep(lab: CapacityLab): void {
  describe('a pool without load', () => {
    it('sleeps, holds what comes, and wakes exactly one engine: of the cheapest variant', async () => {
      const engine = engineContainer({ port: lab.suite.ports.engineHttp, model: MODEL, gpus: 2 });
      await lab.create(
        cliqueSet(NAMESPACE, 'dear', { cliques: [clique('engine', engine, { app: 'engine' }, 0)] }),
        variant(
          ...[NAMESPACE, 'dear'],
          { apiVersion: 'grove.io/v1alpha1', kind: 'PodClique', name: DEAR },
          { modelID: MODEL, variantCost: '20.0', minReplicas: 0, maxReplicas: 2 },
          IDLE,
        ),
      );
      const mayWake = async () => (await lab.recommend(NAMESPACE, 'dear')).recommendation !== undefined;
      await lab.until('the dear variant to be known', mayWake);
      await lab.patchVariant(NAMESPACE, 'laptop', {
        ...{ metadata: { annotations: IDLE }, spec: { minReplicas: 0 } },
      });
      await lab.until('sleep', async () => (await lab.replicas(kinds.clique, NAMESPACE, ENGINES)) === 0);
      await lab.until('no pod', async () => (await lab.pods(NAMESPACE, 'app=engine')).length === 0);
      const dear = await lab.get<PodClique>(kinds.clique, NAMESPACE, DEAR);

      let isAnswered = false;
      const answers = lab.frontDoor.complete(MODEL, REQUESTS).finally(() => {
        isAnswered = true;
      });
      const pods = new Set<string>();
      let held = 0;
      await lab.until('the answers', async () => {
        held = Math.max(held, await lab.frontDoor.held(NAMESPACE, POOL));
        for (const { metadata } of await lab.pods(NAMESPACE, 'app=engine')) pods.add(metadata.name);
        return isAnswered;
      });
      const done = await answers;
      expect(done.map(({ status, text }) => (status === 200 ? status : text))).toEqual(
        Array(REQUESTS).fill(200),
      );
      expect(held).toBe(REQUESTS);
      const decisions = await Promise.all(done.map(({ requestId }) => lab.explainRequest(requestId)));
      expect(decisions.every(({ waitedMs }) => waitedMs > 0)).toBe(true);

      expect([...pods]).toEqual([`${ENGINES}-0`]);
      expect(await lab.replicas(kinds.clique, NAMESPACE, ENGINES)).toBe(1);
      const woken = lab.decided.filter(({ from, to }) => from === 0 && to > 0);
      expect(woken.map(({ target, to }) => [target.name, to])).toEqual([[ENGINES, 1]]);
      // The same generation: nobody has written its replicas in between.
      const { metadata, spec } = await lab.get<PodClique>(kinds.clique, NAMESPACE, DEAR);
      expect([spec.replicas, metadata.generation]).toEqual([0, dear.metadata.generation]);

      await lab.patchVariant(NAMESPACE, 'laptop', { spec: { minReplicas: 1 } });
      await lab.remove(NAMESPACE, 'app.kubernetes.io/part-of=dear', ['variant', 'dear'], ['set', 'dear']);
    }, 150_000);

    it('wakes although the autoscaler and the gang-placer were killed when the requests came', async () => {
      await lab.patchVariant(NAMESPACE, 'laptop', { spec: { minReplicas: 0 } });
      await lab.until('no pod', async () => (await lab.pods(NAMESPACE, 'app=engine')).length === 0);
      const victims = lab.suite.supervisor
        .identities()
        .filter(({ name }) => ['autoscaler', 'gang-placer'].includes(name));
      expect(victims).toHaveLength(2);
      for (const { pid } of victims) process.kill(pid, 'SIGKILL');
      const done = await lab.frontDoor.complete(MODEL, 10);
      expect(done.map(({ status, text }) => (status === 200 ? status : text))).toEqual(Array(10).fill(200));
      expect(await lab.replicas(kinds.clique, NAMESPACE, ENGINES)).toBe(1);
      await expectBound(lab, NAMESPACE, 'laptop-0', 1);
      await lab.patchVariant(NAMESPACE, 'laptop', { spec: { minReplicas: 1 } });
    }, 150_000);
  });
}
