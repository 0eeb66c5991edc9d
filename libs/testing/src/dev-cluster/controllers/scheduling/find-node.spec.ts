import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiObject, JsonObject } from '../../object/api-object.js';
import { findNode } from './find-node.js';
import { NodeRoom } from './node-room.js';
import { podRequests } from './pod-requests.js';
import { tolerates } from './tolerations.js';

const object = (kind: string, name: string, parts: Partial<ApiObject>): ApiObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '' },
  ...parts,
});
const node = (name: string, gpus = 8, spec: JsonObject = {}, labels = {}): ApiObject => {
  const result = object('Node', name, {
    spec,
    status: { allocatable: { pods: '3', 'nvidia.com/gpu': String(gpus), cpu: '4' } },
  });
  return { ...result, metadata: { ...result.metadata, labels } };
};
const pod = (name: string, gpus = 0, spec: JsonObject = {}): ApiObject =>
  object('Pod', name, {
    spec: {
      containers: [{ name: 'main', resources: gpus ? { requests: { 'nvidia.com/gpu': String(gpus) } } : {} }],
      ...spec,
    },
  });
const choose = (asked: ApiObject, nodes: ApiObject[], pods: ApiObject[] = []) => {
  const { node: found, why } = findNode(asked, new NodeRoom(nodes, pods));
  return found?.metadata.name ?? why;
};
const affinity = (...nodeSelectorTerms: JsonObject[]): JsonObject => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});

describe('findNode', () => {
  it('takes the node with the most free GPUs, counting what runs', () => {
    const running = { ...pod('r', 6), spec: { ...pod('r', 6).spec, nodeName: 'a' } };
    const ended = { ...running, status: { phase: 'Succeeded' } };
    const nodes = [node('a', 8), node('b', 4)];
    expect(choose(pod('p', 1), nodes)).toBe('a');
    expect(choose(pod('p', 1), nodes, [running])).toBe('b');
    expect(choose(pod('p', 1), nodes, [ended])).toBe('a');
    expect(choose(pod('p', 5), nodes, [running])).toBe(
      '0/2 nodes are available: 2 Insufficient nvidia.com/gpu.',
    );
  });

  it('counts why no node fits', () => {
    const taints = [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }];
    const nodes = [
      node('a', 8, { taints }),
      node('b', 8, { unschedulable: true }),
      node('c', 0),
      node('d', 8, {}, { zone: 'z' }),
    ];
    expect(choose(pod('p', 1, { nodeSelector: { zone: 'y' } }), nodes)).toBe(
      "0/4 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector.",
    );
    const tolerant = { tolerations: [{ key: 'gpu', operator: 'Exists' }] };
    expect(choose(pod('p', 1, tolerant), nodes)).toBe('a');
    const everywhere = { tolerations: [{ operator: 'Exists' }] };
    expect(choose(pod('p', 1, everywhere), nodes.slice(1, 3))).toBe('b');
    expect(choose(pod('p'), [])).toBe('0/0 nodes are available: there are no nodes.');
  });

  it.each([
    [[{ key: 'gen', operator: 'In', values: ['4', '5'] }], 'b'],
    [[{ key: 'gen', operator: 'Gt', values: ['3'] }], 'b'],
    [[{ key: 'gen', operator: 'Lt', values: ['4'] }], 'a'],
    [[{ key: 'gen', operator: 'NotIn', values: ['3', '4'] }], 'c'],
    [[{ key: 'gen', operator: 'DoesNotExist' }], 'c'],
    [
      [
        { key: 'gen', operator: 'Exists' },
        { key: 'zone', operator: 'In', values: ['z'] },
      ],
      'b',
    ],
  ])('follows required affinity %j', (matchExpressions, expected) => {
    const nodes = [node('a', 8, {}, { gen: '3' }), node('b', 8, {}, { gen: '4', zone: 'z' }), node('c')];
    expect(choose(pod('p', 1, affinity({ matchExpressions })), nodes)).toBe(expected);
  });

  it('leaves pods with claims for devices to others, and says so', () => {
    expect(choose(pod('p', 0, { resourceClaims: [{ name: 'gpu' }] }), [node('a')])).toMatch(
      /needs a schedulerName of its own/,
    );
  });

  it('needs one term of several, and none without requirements', () => {
    const nodes = [node('a'), node('b')];
    const byName = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] };
    expect(choose(pod('p', 1, affinity({}, byName)), nodes)).toBe('b');
    expect(choose(pod('p', 1, affinity({})), nodes)).toMatch(/didn't match/);
  });

  it('never promises more than a node has', () => {
    const gpus = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 });
    fc.assert(
      fc.property(gpus, (asked) => {
        const nodes = [node('a', 4), node('b', 6)];
        const room = new NodeRoom(nodes, []);
        for (const [i, amount] of asked.entries()) {
          const waiting = pod(`p${i}`, amount);
          const { node: found } = findNode(waiting, room);
          if (found) room.take(found.metadata.name, waiting);
          for (const { metadata } of nodes) {
            expect(room.freeOf(metadata.name, 'nvidia.com/gpu')).toBeGreaterThanOrEqual(0);
            expect(room.freeOf(metadata.name, 'pods')).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
  });
});

describe('podRequests', () => {
  it('takes the larger of starting and running, with sidecars in both', () => {
    const requests = (cpu: string) => ({ resources: { requests: { cpu } } });
    const spec = {
      initContainers: [
        { name: 'first', ...requests('3') },
        { name: 'side', restartPolicy: 'Always', ...requests('500m') },
        { name: 'second', ...requests('4') },
      ],
      containers: [{ name: 'main', ...requests('2') }, { name: 'other' }],
      overhead: { cpu: '250m' },
    };
    expect(podRequests(object('Pod', 'p', { spec })).get('cpu')).toBe(4.75);
  });
});

describe('tolerates', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  it.each([
    [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, true],
    [{ key: 'k', value: 'v' }, true],
    [{ key: 'k', value: 'w' }, false],
    [{ key: 'k', operator: 'Exists' }, true],
    [{ operator: 'Exists' }, true],
    [{ operator: 'Exists', effect: 'NoExecute' }, false],
    [{ value: 'v' }, false],
  ])('%j: %s', (toleration, expected) => {
    expect(tolerates(toleration, taint)).toBe(expected);
  });
});
