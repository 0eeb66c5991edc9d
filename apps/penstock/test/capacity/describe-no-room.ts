import { describe, expect, it } from '@jest/globals';
import { GROVE_LABELS, type PodGang } from '@penstock/contracts';
import type { CapacityLab } from './capacity-lab.js';
import { expectBound } from './expect-bound.js';
import { kinds } from './kinds.js';
import { clique, cliqueSet, deployment, engineContainer, poolObjects, variant } from './objects.js';

const SPACE = 'crowded';
const MODEL = 'crowded-model';
const WAITING = ['crowded-0-wide-0', 'crowded-0-wide-1'];
const LACKING = 'Insufficient nvidia.com/gpu';

export function describeNoRoom(lab: CapacityLab): void {
  /** A scaling group whose replicas need four GPUs, and a Deployment beside it that needs none. */
  async function addPool(): Promise<void> {
    const port = lab.suite.ports.engineHttp;
    const leader = engineContainer({ port, model: MODEL, gpus: 2 });
    const worker = engineContainer({ port, model: 'worker', gpus: 2 });
    await lab.create(
      ...poolObjects(SPACE, 'crowded', port, MODEL),
      cliqueSet(SPACE, 'crowded', {
        cliques: [clique('leader', leader, { app: 'crowded' }), clique('worker', worker, {})],
        podCliqueScalingGroups: [{ name: 'wide', cliqueNames: ['leader', 'worker'], replicas: 1 }],
      }),
      deployment(SPACE, 'steady', 2, engineContainer({ port, model: MODEL }), 'crowded'),
      variant(
        ...[SPACE, 'steady'],
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'steady' },
        { modelID: MODEL, variantCost: '50.0', minReplicas: 1 },
      ),
    );
  }

  async function expectNothingPlaced(gang: string): Promise<void> {
    const pods = await lab.pods(SPACE, `${GROVE_LABELS.podGang}=${gang}`);
    expect(pods.map(({ spec }) => spec?.nodeName)).toEqual([undefined, undefined]);
  }

  async function expectWaits(gang: string): Promise<void> {
    await lab.until(`${gang} to say why it waits`, async () => {
      const condition = await lab.condition(kinds.gang, SPACE, gang, 'Scheduled');
      return condition?.reason === 'Unschedulable';
    });
    const { message = '' } = (await lab.condition(kinds.gang, SPACE, gang, 'Scheduled')) ?? {};
    expect(message).toContain(LACKING);
    const { gang: explained, domains, decision } = await lab.explainGang(SPACE, gang);
    expect(explained).toMatchObject({ state: 'waiting', minimumPods: 2, boundPods: 0 });
    expect(explained?.reason).toContain(LACKING);
    expect(domains).toMatchObject([{ fittingPods: 1, limiting: LACKING }]);
    expect(decision).toBeNull();
    await lab.until(`placement.refused of ${gang}`, async () =>
      lab.refused.some(({ gang: { namespace, name } }) => namespace === SPACE && name === gang),
    );
    await expectEvent('PodGang', gang);
    const pods = await lab.pods(SPACE, `${GROVE_LABELS.podGang}=${gang}`);
    for (const { metadata, status } of pods) {
      const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
      expect(status?.conditions).toContainEqual(expect.objectContaining(unschedulable));
      await expectEvent('Pod', metadata.name);
    }
    await expectNothingPlaced(gang);
  }

  /** Events are written in the background. */
  async function expectEvent(kind: string, name: string): Promise<void> {
    await lab.until(`an Event about ${name}`, async () => {
      const events = await lab.events(SPACE, kind, name);
      return events.some((event) => event.startsWith('FailedScheduling: ') && event.includes(LACKING));
    });
  }

  describe('a scale-up that does not fit', () => {
    it('says why it waits and places nothing in part; others shrink; a new node lets it go on', async () => {
      await addPool();
      // Two GPUs are the laptop's and four the first replica's: of a second one the leader alone would fit.
      await expectBound(lab, SPACE, 'crowded-0', 2);
      await lab.create(
        variant(
          ...[SPACE, 'wide'],
          { apiVersion: 'grove.io/v1alpha1', kind: 'PodCliqueScalingGroup', name: 'crowded-0-wide' },
          { modelID: MODEL, variantCost: '1.0', minReplicas: 3, maxReplicas: 3 },
        ),
      );
      for (const gang of WAITING) await expectWaits(gang);
      const steady = () => lab.replicas(kinds.deployment, SPACE, 'steady');
      expect(await steady()).toBe(2);
      await lab.until('the other variant to shrink', async () => (await steady()) === 1);
      for (const gang of WAITING) await expectNothingPlaced(gang);

      await lab.create(nodeWithGpus('node-new'));
      for (const gang of WAITING) {
        await expectBound(lab, SPACE, gang, 2);
        await lab.until(`${gang} to run`, async () => {
          const { status } = await lab.get<PodGang>(kinds.gang, SPACE, gang);
          return status?.phase === 'Running';
        });
      }
      for (const name of ['wide', 'steady']) await lab.cluster.delete(kinds.variant, SPACE, name);
      await lab.remove(SPACE, '', ['deployment', 'steady'], ['set', 'crowded']);
      await lab.cluster.delete(kinds.node, undefined, 'node-new');
    }, 150_000);
  });
}

/** A node without a machine: its pods run without processes. */
function nodeWithGpus(name: string): object {
  const amounts = { cpu: '192', memory: '2Ti', pods: '110', 'nvidia.com/gpu': '8' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, annotations: { 'kwok.x-k8s.io/node': 'fake' } },
    status: { capacity: amounts, allocatable: amounts },
  };
}
