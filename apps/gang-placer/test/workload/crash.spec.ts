import { beforeAll, describe, expect, it } from '@jest/globals';
import { podCliqueKind, podCliqueScalingGroupKind } from '@penstock/contracts';
import type { Cluster } from '@penstock/core/ports';
import { clique, podCliqueSet, WorkloadLab } from './workload-lab.js';

const WRITES = ['create', 'update', 'apply', 'mergePatch', 'delete'] as const;

/** A cluster whose client dies after some writes: nothing later reaches it. */
function dyingAfter(cluster: Cluster, writes: number): { cluster: Cluster; died: () => boolean } {
  let left = writes;
  const proxy = new Proxy(cluster, {
    get: (target, property) => {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      if (!WRITES.includes(property as (typeof WRITES)[number])) return value.bind(target);
      return async (...args: unknown[]) => {
        if (left-- <= 0) throw new Error('killed');
        return await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
      };
    },
  });
  return { cluster: proxy, died: () => left < 0 };
}

const template = (tag: string) => ({
  cliqueStartupType: 'CliqueStartupTypeInOrder',
  cliques: ['router', 'leader', 'worker'].map((name) =>
    clique(name, { podSpec: { containers: [{ name: 'main', image: tag }] } }),
  ),
  podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 2 }],
});

/** What a set became, without what differs between any two runs. */
async function outcome(lab: WorkloadLab): Promise<unknown> {
  const pods = await lab.pods();
  return {
    pods: pods.map(({ metadata, spec }) => [
      metadata.name,
      spec?.containers[0]?.image,
      spec?.nodeName,
      spec?.schedulingGates,
      metadata.annotations,
    ]),
    gangs: await Promise.all(
      (await lab.names('gangs')).map(async (name) => {
        const { spec, status } = await lab.gang(name);
        return [name, spec.podgroups, status?.phase];
      }),
    ),
    cliques: await lab.names('cliques'),
    groups: await lab.names('groups'),
    status: (({ replicas, availableReplicas, updatedReplicas }) => ({
      replicas,
      availableReplicas,
      updatedReplicas,
    }))((await lab.set()).status ?? {}),
  };
}

/** Each step ends with everything ready. */
const STEPS: ReadonlyArray<(lab: WorkloadLab) => Promise<void>> = [
  (lab) => lab.apply(podCliqueSet(template('one'))),
  (lab) => lab.scale(podCliqueScalingGroupKind, 'pcs-0-sg', 3),
  (lab) => lab.scale(podCliqueKind, 'pcs-0-router', 2),
  (lab) => lab.apply(podCliqueSet(template('two'))),
  (lab) => lab.scale(podCliqueScalingGroupKind, 'pcs-0-sg', 1),
];

/** Runs the steps, killing the controllers after every `writes` writes; a new one takes over each time. */
async function play(writes: number): Promise<{ result: unknown; kills: number }> {
  const lab = new WorkloadLab();
  let kills = 0;
  const restart = async () => {
    const dying = dyingAfter(lab.cluster, writes);
    await lab.start(dying.cluster, dying.died);
    return dying;
  };
  let current = await restart();
  const survive = async (step: () => Promise<void>) => {
    await step();
    while (current.died()) {
      kills++;
      await lab.stop();
      current = await restart();
    }
  };
  for (const step of STEPS) {
    await survive(() => step(lab));
    for (let round = 0; round < 5; round++) {
      await survive(() => lab.run());
    }
  }
  const result = await outcome(lab);
  await lab.stop();
  return { result, kills };
}

describe('controllers that die', () => {
  let undisturbed: unknown;
  beforeAll(async () => {
    ({ result: undisturbed } = await play(Number.POSITIVE_INFINITY));
  }, 60_000);

  // 1: between any two of their writes.
  it.each([1, 2, 5])(
    'come to the same end when killed after every %i writes',
    async (writes) => {
      const { result, kills } = await play(writes);
      expect(kills).toBeGreaterThan(3);
      expect(result).toEqual(undisturbed);
    },
    120_000,
  );
});
