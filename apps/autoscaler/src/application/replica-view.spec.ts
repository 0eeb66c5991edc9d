import { describe, expect, it } from '@jest/globals';
import { deploymentKind, type Pod } from '@penstock/contracts';
import { replicasOf } from './replica-view.js';
import type { Target } from './target.js';

const target = (over: Partial<Target> = {}): Target => ({
  kind: deploymentKind,
  namespace: 'ns',
  name: 't',
  specReplicas: 2,
  podLabels: [],
  selector: {},
  podsPerReplica: 1,
  ...over,
});
const pod = (name: string, metadata: Partial<Pod['metadata']> = {}, status: Pod['status'] = ready): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, uid: name, ...metadata },
  status,
});
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
const draining = { annotations: { 'penstock.dev/draining': '2026-11-25T00:00:00Z' } };
const nobody = () => false;

describe('replicasOf', () => {
  it('takes every live pod for a replica, the oldest first', () => {
    const pods = [
      pod('young', { creationTimestamp: '2026-11-25T01:00:00Z' }),
      pod('old', { creationTimestamp: '2026-11-25T00:00:00Z', ...draining }),
      pod('gone', { deletionTimestamp: '2026-11-25T02:00:00Z' }),
      pod('failed', {}, { phase: 'Failed' }),
      pod('new', { creationTimestamp: '2026-11-25T02:00:00Z' }, { phase: 'Pending' }),
    ];
    expect(replicasOf(target(), pods, nobody).map(({ replica }) => replica)).toEqual([
      { pods: ['ns/old'], ready: true, draining: true },
      { pods: ['ns/young'], ready: true, draining: false },
      { pods: ['ns/new'], ready: false, draining: false },
    ]);
  });

  it('puts pods of a group together, by index as a number; whole only when all are ready', () => {
    const labelled = (name: string, index: string, status?: Pod['status']) =>
      pod(name, { labels: { index } }, status);
    const pods = [labelled('a10', '10'), labelled('a2', '2'), labelled('b2', '2'), pod('stray')];
    const group = target({ replicaLabel: 'index', podsPerReplica: 2 });
    expect(replicasOf(group, pods, nobody).map(({ replica }) => [replica.pods, replica.ready])).toEqual([
      [['ns/a2', 'ns/b2'], true],
      [['ns/a10'], false],
    ]);
    const half = [labelled('a2', '2'), labelled('b2', '2', { phase: 'Running' })];
    expect(replicasOf(group, half, nobody)[0]?.replica.ready).toBe(false);
  });

  it('does not count a pod as draining once its removal is written and seen', () => {
    const isLeaving = (uid: string, specReplicas: number) => uid === 'a' && specReplicas <= 1;
    const pods = [pod('a', draining), pod('b')];
    const drained = (specReplicas: number) =>
      replicasOf(target({ specReplicas }), pods, isLeaving).filter(({ replica }) => replica.draining).length;
    expect([drained(2), drained(1)]).toEqual([1, 0]);
  });
});
