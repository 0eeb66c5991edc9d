import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { podKind } from '@penstock/contracts';
import fc from 'fast-check';
import { parseDuration } from '../../src/workload/parse-duration.js';
import { clique, NAMESPACE, podCliqueSet, WorkloadLab } from './workload-lab.js';

const set = podCliqueSet(
  {
    terminationDelay: '100ms',
    cliques: [clique('router'), clique('leader'), clique('worker', { replicas: 2 })],
    podCliqueScalingGroups: [{ name: 'sg', cliqueNames: ['leader', 'worker'], replicas: 2 }],
  },
  { replicas: 2 },
);

let lab: WorkloadLab;
beforeEach(async () => {
  lab = new WorkloadLab();
  await lab.start();
  await lab.apply(set);
  await lab.run();
  lab.clock.advance(10_000);
});
afterEach(() => lab.stop());

/** A container of the pod ends again and again. */
async function crash(pod: string): Promise<void> {
  const status = {
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ name: 'main', ready: false, restartCount: 3 }],
  };
  await lab.cluster.mergePatch(podKind, NAMESPACE, pod, { status }, { subresource: 'status' });
  await lab.settle();
}

/** Time passes for the timers as well. */
async function wait(): Promise<void> {
  lab.clock.advance(10_000);
  await new Promise((resolve) => setTimeout(resolve, 150));
  await lab.settle();
}

const uids = async () => new Map((await lab.pods()).map(({ metadata }) => [metadata.name, metadata.uid]));
/** Names of the pods that are others than before. */
async function replaced(before: ReadonlyMap<string, string | undefined>): Promise<string[]> {
  return [...(await uids())].flatMap(([name, uid]) => (before.get(name) === uid ? [] : [name]));
}
const told = () => lab.cluster.events.filter(({ reason }) => reason === 'GangTerminated');

describe('a gang below its minimum', () => {
  it('has all pods of its replica replaced after the delay, once per breach', async () => {
    const before = await uids();
    await crash('pcs-1-router-0');
    expect(await replaced(before)).toEqual([]);
    await wait();
    expect(await replaced(before)).toEqual([...before.keys()].filter((name) => name.startsWith('pcs-1-')));
    expect(told()).toEqual([
      expect.objectContaining({
        type: 'Warning',
        message:
          'pcs-1-router stayed below its minimum for longer than terminationDelay: the pods of its gang are replaced',
      }),
    ]);
    const after = await uids();
    await lab.bind();
    await crash('pcs-1-router-0');
    await wait();
    expect(await replaced(after)).toEqual([]);
    await lab.ready();
    await lab.run();
    lab.clock.advance(10_000);
    await crash('pcs-1-router-0');
    await wait();
    expect(await replaced(after)).toHaveLength(7);
    expect(told()).toHaveLength(2);
  });

  it('goes alone while its scaling group has enough other replicas', async () => {
    const before = await uids();
    await crash('pcs-0-sg-1-leader-0');
    await wait();
    expect(await replaced(before)).toEqual([
      'pcs-0-sg-1-leader-0',
      'pcs-0-sg-1-worker-0',
      'pcs-0-sg-1-worker-1',
    ]);
    await crash('pcs-0-sg-0-leader-0');
    await lab.ready(false, 'pcs-0-sg-1-leader-0');
    await wait();
    expect((await replaced(before)).filter((name) => name.startsWith('pcs-0-'))).toHaveLength(7);
  });

  it('is left alone when it recovers in time, and while it has no node at all', async () => {
    const before = await uids();
    await crash('pcs-1-router-0');
    await lab.cluster.mergePatch(
      podKind,
      NAMESPACE,
      'pcs-1-router-0',
      { status: { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [] } },
      { subresource: 'status' },
    );
    await lab.settle();
    await wait();
    expect(await replaced(before)).toEqual([]);
    await lab.apply(podCliqueSet({ terminationDelay: '100ms', cliques: [clique('a')] }, {}, 'waiting'));
    const waiting = await uids();
    await wait();
    expect(await replaced(waiting)).toEqual([]);
    expect(told()).toEqual([]);
  });

  it('is terminated by whoever leads after a crash', async () => {
    const before = await uids();
    await crash('pcs-1-router-0');
    await lab.stop();
    lab.clock.advance(10_000);
    await lab.start();
    await lab.settle();
    expect(await replaced(before)).toHaveLength(7);
  });
});

describe('a termination delay', () => {
  it('is refused when it is no duration', async () => {
    await lab.apply(podCliqueSet({ terminationDelay: 'soon', cliques: [clique('a')] }, {}, 'bad'));
    const { status } = await lab.set('bad');
    expect(status?.conditions?.[0]?.message).toContain(
      'spec.template.terminationDelay: "soon" is no duration above 0: write it as 4h, 30m or 1h30m',
    );
  });

  it('reads what Kubernetes writes', () => {
    expect(['4h', '1h30m', '0.5s', '1500ms', '2m3s', '.5h'].map(parseDuration)).toEqual([
      14_400_000, 5_400_000, 500, 1_500, 123_000, 1_800_000,
    ]);
    expect(['', '4', 'h', '-4h', '4 h', '4d', '1.2.3s'].map(parseDuration)).toEqual(Array(7).fill(undefined));
    fc.assert(
      fc.property(
        fc.string(),
        (text) => parseDuration(text) === undefined || Number(parseDuration(text)) >= 0,
      ),
    );
  });
});
