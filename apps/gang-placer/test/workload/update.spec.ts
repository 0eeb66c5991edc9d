import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PodCliqueSet } from '@penstock/contracts';
import { clique, podCliqueSet, WorkloadLab } from './workload-lab.js';

const image = (tag: string) => ({ podSpec: { containers: [{ name: 'main', image: `engine:${tag}` }] } });
const set = (tag: string, strategy = 'RollingRecreate'): PodCliqueSet =>
  podCliqueSet(
    {
      cliques: [
        clique('router', { replicas: 2, ...image(tag) }),
        clique('leader', image(tag)),
        clique('worker', image(tag)),
      ],
      podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 2 }],
    },
    { replicas: 2, updateStrategy: { type: strategy } },
  );

let lab: WorkloadLab;
beforeEach(async () => {
  lab = new WorkloadLab();
  await lab.start();
});
afterEach(() => lab.stop());

/** Names of the pods that run an image. */
const running = async (tag: string): Promise<string[]> =>
  (await lab.pods())
    .filter(({ spec }) => spec?.containers[0]?.image === `engine:${tag}`)
    .map(({ metadata }) => metadata.name);

describe('a changed template', () => {
  it('replaces one replica of the set at a time, pods of a clique one by one, groups by replica', async () => {
    await lab.apply(set('1'));
    await lab.run();
    await lab.apply(set('2'));
    // Of replica 0: one router, and one whole replica of the group. None of replica 1.
    const first = await running('2');
    expect(first.filter((name) => name.startsWith('pcs-1'))).toEqual([]);
    expect(first.filter((name) => name.includes('router'))).toHaveLength(1);
    expect(first.filter((name) => name.includes('sg'))).toEqual([
      'pcs-0-sg-0-leader-0',
      'pcs-0-sg-0-worker-0',
    ]);
    expect((await lab.set()).status).toMatchObject({ replicas: 2, updatedReplicas: 0 });
    expect((await lab.set()).status?.updateProgress).toEqual({
      updatedPodCliquesCount: 2,
      totalPodCliquesCount: 10,
      updatedPodCliqueScalingGroupsCount: 0,
      totalPodCliqueScalingGroupsCount: 2,
    });
    const seen = new Set<string>();
    for (let round = 0; round < 20 && (await running('1')).length > 0; round++) {
      const [old, young] = [await running('1'), await running('2')];
      // While replica 1 still runs the old template whole, replica 0 is being replaced, and the other way round.
      if (young.some((name) => name.startsWith('pcs-1'))) {
        expect(old.filter((name) => name.startsWith('pcs-0'))).toEqual([]);
        seen.add('second');
      } else seen.add('first');
      await lab.bind();
      await lab.ready();
    }
    await lab.run();
    expect([...seen]).toEqual(['first', 'second']);
    expect(await running('2')).toHaveLength(12);
    expect((await lab.set()).status).toMatchObject({ updatedReplicas: 2, availableReplicas: 2 });
    expect((await lab.clique('pcs-0-router')).status?.conditions).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'MinAvailableBreached', status: 'False' })]),
    );
  });

  it('waits while what was replaced is not ready', async () => {
    await lab.apply(set('1'));
    await lab.run();
    await lab.apply(set('2'));
    await lab.bind();
    expect((await running('2')).filter((name) => name.includes('router'))).toHaveLength(1);
    expect((await lab.clique('pcs-0-router')).status?.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: 'MinAvailableBreached',
          status: 'Unknown',
          reason: 'UpdateInProgress',
        }),
      ]),
    );
    await lab.stop();
    await lab.start();
    expect((await running('2')).filter((name) => name.startsWith('pcs-1'))).toEqual([]);
  });

  it('replaces broken pods at once', async () => {
    await lab.apply(set('1'));
    await lab.bind();
    await lab.apply(set('2'));
    expect((await running('2')).filter((name) => name.startsWith('pcs-0-router'))).toHaveLength(2);
  });

  it('touches no pod with OnDelete, and gives new pods the new template', async () => {
    await lab.apply(set('1', 'OnDelete'));
    await lab.run();
    await lab.apply(set('2', 'OnDelete'));
    expect(await running('1')).toHaveLength(12);
    await lab.deletePod('pcs-1-router-0');
    expect(await running('2')).toEqual(['pcs-1-router-0']);
    expect((await lab.clique('pcs-1-router')).status).toMatchObject({ replicas: 2, updatedReplicas: 1 });
  });
});
