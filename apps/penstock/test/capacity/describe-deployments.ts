import { describe, expect, it } from '@jest/globals';
import type { Deployment } from '@penstock/contracts';
import type { CapacityLab } from './capacity-lab.js';
import { kinds } from './kinds.js';
import { deployment, engineContainer, horizontalPodAutoscaler, poolObjects, variant } from './objects.js';

const SPACE = 'deployments';
const IDLE = { 'penstock.dev/scale-to-zero-after': '3s' };
const targetOf = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name });

export function describeDeployments(lab: CapacityLab): void {
  /** A pool, its model `<name>-model`, and a Deployment of its engines. */
  async function addDeployment(name: string, replicas: number): Promise<void> {
    const port = lab.suite.ports.engineHttp;
    const model = `${name}-model`;
    await lab.create(
      ...poolObjects(SPACE, name, port, model),
      deployment(SPACE, name, replicas, engineContainer({ port, model })),
    );
    await lab.frontDoor.untilPoolIsKnown(SPACE, name);
  }

  describe('a Deployment', () => {
    it('is scaled up for a request and down again', async () => {
      await addDeployment('flat', 0);
      const spec = { modelID: 'flat-model', minReplicas: 0 };
      await lab.create(variant(SPACE, 'flat', targetOf('flat'), spec, IDLE));
      const [answer] = await lab.frontDoor.complete('flat-model', 1);
      expect(answer).toMatchObject({ status: 200 });
      const counts = () =>
        lab.decided
          .filter(({ target }) => target.name === 'flat' && target.kind === 'Deployment')
          .map(({ from, to }) => [from, to]);
      await lab.until('it to sleep', async () => (await lab.replicas(kinds.deployment, SPACE, 'flat')) === 0);
      await lab.until('its pod to go', async () => (await lab.pods(SPACE, 'app=flat')).length === 0);
      await lab.until('both events', async () => counts().length >= 2);
      expect(counts()).toEqual([
        [0, 1],
        [1, 0],
      ]);
    }, 150_000);

    it('that an HPA names is never written, and its variant says why', async () => {
      await addDeployment('owned', 1);
      await lab.create(
        horizontalPodAutoscaler(SPACE, 'owned'),
        variant(SPACE, 'owned', targetOf('owned'), { modelID: 'owned-model', minReplicas: 3 }),
      );
      await lab.until('the HPA to be noticed', async () => {
        const condition = await lab.condition(kinds.variant, SPACE, 'owned', 'AbleToScale');
        return condition?.reason === 'OwnedByHPA';
      });
      expect(await lab.condition(kinds.variant, SPACE, 'owned', 'AbleToScale')).toMatchObject({
        ...{ status: 'False', message: expect.stringContaining('HorizontalPodAutoscaler "owned"') },
      });
      // What Penstock would do goes on being computed; the interval of its decisions is a second.
      const recommendedAt = new Set<string>();
      await lab.until('more recommendations', async () => {
        const { recommendation } = await lab.recommend(SPACE, 'owned');
        expect(recommendation).toMatchObject({ current: 1, desired: 3 });
        expect(recommendation?.notApplied).toContain('HorizontalPodAutoscaler');
        return recommendedAt.add(recommendation?.time ?? '').size >= 3;
      });
      const owned = await lab.get<Deployment>(kinds.deployment, SPACE, 'owned');
      expect([owned.spec.replicas, owned.metadata.generation]).toEqual([1, 1]);
    }, 120_000);
  });
}
