import { describe, expect, it } from '@jest/globals';
import type { PodClique, PodCliqueSet, PodGang } from '@penstock/contracts';
import { NAMESPACE } from '../../src/suite/suite-options.js';
import { CapacityLab } from './capacity-lab.js';
import { expectBound } from './expect-bound.js';
import { kinds } from './kinds.js';

const { ENGINES } = CapacityLab;

export function describeBirth(lab: CapacityLab): void {
  describe('engines born as a gang', () => {
    it('are a PodCliqueSet, its PodClique, a PodGang, and pods bound as a GangPlacement says', async () => {
      const set = await lab.get<PodCliqueSet>(kinds.set, NAMESPACE, 'laptop');
      const clique = await lab.get<PodClique>(kinds.clique, NAMESPACE, ENGINES);
      expect(clique.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'PodCliqueSet', name: 'laptop' });
      await lab.until('the gang to run', async () => {
        const { status } = await lab.get<PodGang>(kinds.gang, NAMESPACE, 'laptop-0');
        return status?.phase === 'Running';
      });
      const gang = await lab.get<PodGang>(kinds.gang, NAMESPACE, 'laptop-0');
      expect(gang.metadata.ownerReferences?.[0]).toMatchObject({ uid: set.metadata.uid });
      expect(gang.spec.podgroups).toMatchObject([
        {
          ...{ name: ENGINES, minReplicas: 1 },
          podReferences: [{ namespace: NAMESPACE, name: `${ENGINES}-0` }],
        },
      ]);
      await expectBound(lab, NAMESPACE, 'laptop-0', 1);
    }, 120_000);

    it('are explained by the gang-placer and by the autoscaler', async () => {
      const { gang, decision, leading } = await lab.explainGang(NAMESPACE, 'laptop-0');
      expect(gang).toMatchObject({ state: 'bound', minimumPods: 1, boundPods: 1, reason: '' });
      expect(decision).toMatchObject({ phase: 'Bound', assignments: [{ node: 'node-1', bound: true }] });
      expect(leading).toBe(true);

      await lab.until('a recommendation from data', async () => {
        const { recommendation } = await lab.recommend(NAMESPACE, 'laptop');
        return recommendation?.code === 'steady';
      });
      const { recommendation, conditions } = await lab.recommend(NAMESPACE, 'laptop');
      expect(recommendation).toMatchObject({
        ...{ pool: 'laptop', targetKind: 'PodClique', targetName: ENGINES, current: 1, desired: 1 },
        replicas: { spec: 1, ready: 1, min: 1, max: 2 },
      });
      expect(recommendation?.reason).toMatch(/\w+ \w+/);
      const ready = { type: 'OptimizationReady', status: 'True' };
      expect(conditions).toContainEqual(expect.objectContaining(ready));
    }, 90_000);
  });
}
