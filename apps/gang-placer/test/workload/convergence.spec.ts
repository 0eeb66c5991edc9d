import { describe, expect, it } from '@jest/globals';
import {
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  podKind,
} from '@penstock/contracts';
import fc from 'fast-check';
import { clique, NAMESPACE, podCliqueSet, WorkloadLab } from './workload-lab.js';

const template = (tag: string) => ({
  cliqueStartupType: 'CliqueStartupTypeInOrder',
  cliques: [
    clique('router'),
    clique('engine', { replicas: 2 }),
    clique('leader'),
    clique('worker', { replicas: 2 }),
  ].map(({ name, spec }) => ({
    name,
    spec: { ...spec, podSpec: { containers: [{ name: 'main', image: tag }] } },
  })),
  podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 2 }],
});

/** Something that users, autoscalers, nodes or operators do. */
type Action = (lab: WorkloadLab, pick: number) => Promise<unknown>;

const nth = <T>(items: readonly T[], pick: number): T | undefined => items[pick % Math.max(1, items.length)];
const ACTIONS: Readonly<Record<string, Action>> = {
  scaleClique: (lab, pick) =>
    lab.cluster.writeScale(podCliqueKind, NAMESPACE, 'pcs-0-engine', pick % 4).catch(() => undefined),
  scaleGroup: (lab, pick) =>
    lab.cluster.writeScale(podCliqueScalingGroupKind, NAMESPACE, 'pcs-0-sg', pick % 4).catch(() => undefined),
  scaleSet: (lab, pick) => lab.cluster.writeScale(podCliqueSetKind, NAMESPACE, 'pcs', 1 + (pick % 2)),
  change: (lab, pick) =>
    lab.cluster.mergePatch(podCliqueSetKind, NAMESPACE, 'pcs', {
      spec: { template: template(`v${pick % 3}`) },
    }),
  deletePod: async (lab, pick) => {
    const pod = nth(await lab.names(), pick);
    if (pod) await lab.cluster.delete(podKind, NAMESPACE, pod);
  },
  deleteGang: async (lab, pick) => {
    const gang = nth(await lab.names('gangs'), pick);
    if (gang) await lab.cluster.delete(podGangKind, NAMESPACE, gang);
  },
  deleteClique: async (lab, pick) => {
    const name = nth(await lab.names('cliques'), pick);
    if (name) await lab.cluster.delete(podCliqueKind, NAMESPACE, name);
  },
  failPod: async (lab, pick) => {
    const pod = nth(await lab.names(), pick);
    if (pod)
      await lab.cluster.mergePatch(
        podKind,
        NAMESPACE,
        pod,
        { status: { phase: 'Failed' } },
        { subresource: 'status' },
      );
  },
  unready: async (lab, pick) => {
    const pod = nth(await lab.names(), pick);
    if (pod) await lab.ready(false, pod);
  },
  bind: (lab) => lab.bind(),
  run: (lab) => lab.run(),
  restart: async (lab) => {
    await lab.stop();
    await lab.start();
  },
  lookAway: async (lab) => {
    lab.cluster.disconnect();
    lab.cluster.reconnect();
  },
};

const actions = fc.array(fc.tuple(fc.constantFrom(...Object.keys(ACTIONS)), fc.nat(100), fc.boolean()), {
  minLength: 1,
  maxLength: 12,
});

/** Everything that must hold when nothing is left to do. */
async function check(lab: WorkloadLab): Promise<void> {
  const set = await lab.set();
  const replicas = set.spec.replicas ?? 0;
  const image = set.spec.template.cliques[0]?.spec.podSpec.containers[0]?.image;
  const expected: string[] = [];
  const cliques: string[] = [];
  for (let i = 0; i < replicas; i++) {
    cliques.push(`pcs-${i}-router`, `pcs-${i}-engine`);
    const copies = (await lab.group(`pcs-${i}-sg`)).spec.replicas ?? 0;
    for (let j = 0; j < copies; j++) cliques.push(`pcs-${i}-sg-${j}-leader`, `pcs-${i}-sg-${j}-worker`);
  }
  expect(await lab.names('cliques')).toEqual([...cliques].sort());
  for (const name of cliques) {
    const { spec, status } = await lab.clique(name);
    const wanted = spec.replicas ?? 0;
    expect([name, status]).toEqual([
      name,
      expect.objectContaining({
        replicas: wanted,
        readyReplicas: wanted,
        scheduledReplicas: wanted,
        updatedReplicas: wanted,
      }),
    ]);
    // Which indexes remain after a scale-down depends on what it took.
    const pods = (await lab.names()).filter(
      (pod) => pod.startsWith(`${name}-`) && /^\d+$/.test(pod.slice(name.length + 1)),
    );
    expect([name, pods.length]).toEqual([name, wanted]);
    expected.push(...pods);
  }
  expect(await lab.names()).toEqual([...expected].sort());
  for (const { metadata, spec } of await lab.pods()) {
    expect([metadata.name, spec?.containers[0]?.image, spec?.schedulingGates ?? []]).toEqual([
      metadata.name,
      image,
      [],
    ]);
  }
  const references: string[] = [];
  for (const name of await lab.names('gangs')) {
    const gang = await lab.gang(name);
    references.push(...gang.spec.podgroups.flatMap(({ podReferences }) => podReferences.map((r) => r.name)));
    const isAsleep = gang.spec.podgroups.every(({ minReplicas }) => minReplicas === 0);
    expect([name, gang.status?.phase]).toEqual([name, isAsleep ? 'Pending' : 'Running']);
  }
  expect(references.sort()).toEqual([...expected].sort());
  expect(set.status).toMatchObject({ replicas, availableReplicas: replicas, updatedReplicas: replicas });
}

describe('whatever happens to a set', () => {
  it('it becomes what it should be', async () => {
    await fc.assert(
      fc.asyncProperty(actions, async (sequence) => {
        const lab = new WorkloadLab();
        try {
          await lab.start();
          await lab.apply(podCliqueSet(template('v0')));
          for (const [name, pick, settles] of sequence) {
            await ACTIONS[name]?.(lab, pick);
            if (settles) await lab.settle();
          }
          await lab.settle();
          for (let round = 0; round < 4; round++) await lab.run();
          // What failed or was made unready comes back: nodes and kubelets are not what is tested here.
          await lab.ready();
          for (let round = 0; round < 12; round++) await lab.run();
          await check(lab);
        } finally {
          await lab.stop();
        }
      }),
      { numRuns: Number(process.env['CONVERGENCE_RUNS'] ?? 10) },
    );
  }, 300_000);
});
