import { describe, expect, it } from '@jest/globals';
import { whyNodeRefuses } from './node-matching.js';
import { podRequests } from './pod-requests.js';
import { quantityUnits } from './quantity.js';
import type { MatchExpression, PlacementNode, PodShape } from './types.js';

describe('quantityUnits', () => {
  it.each([
    ['cpu', '500m', 500],
    ['cpu', '1.1', 1_100],
    ['cpu', 2, 2_000],
    ['cpu', '0.0001', 1],
    ['memory', '16Gi', 16 * 2 ** 30],
    ['memory', '1.5G', 1.5e9],
    ['memory', '1e3', 1_000],
    ['memory', '100m', 1],
    ['memory', '1E', 1e18],
    ['nvidia.com/gpu', '8', 8],
    ['nvidia.com/gpu', '0', 0],
  ])('reads %s %s as %s', (resource, quantity, units) => {
    expect(quantityUnits(resource, quantity, 'up')).toBe(units);
  });

  it('rounds what is offered down', () => {
    expect(quantityUnits('cpu', '0.0019', 'down')).toBe(1);
  });

  it.each(['', 'lots', '-1', '1 Gi', '1KB', '.', '1e999', 'NaN'])(
    'refuses "%s", saying what to write',
    (text) => {
      expect(() => quantityUnits('memory', text, 'up')).toThrow(
        `"${text}" is no amount of memory: write e.g. 2`,
      );
    },
  );
});

describe('podRequests', () => {
  const cpu = (amount: string, more: object = {}) => ({ resources: { requests: { cpu: amount } }, ...more });

  it('adds the containers up and counts the pod itself', () => {
    const gpu = { resources: { limits: { 'nvidia.com/gpu': 4 }, requests: { memory: '1Gi' } } };
    expect(podRequests({ containers: [cpu('1'), gpu] })).toEqual({
      ...{ cpu: 1_000, memory: 2 ** 30, 'nvidia.com/gpu': 4, pods: 1 },
    });
  });

  it('takes the largest moment of start-up, with the sidecars that run by then', () => {
    const initContainers = [
      cpu('1', { restartPolicy: 'Always' }),
      cpu('5'),
      cpu('2', { restartPolicy: 'Always' }),
    ];
    expect(podRequests({ containers: [cpu('1')], initContainers })['cpu']).toBe(6_000);
    expect(podRequests({ containers: [cpu('4')], initContainers })['cpu']).toBe(7_000);
  });

  it('prefers requests of the whole pod, and adds overhead and host ports', () => {
    const spec = {
      containers: [cpu('1', { ports: [{ hostPort: 80 }, { containerPort: 81 }] })],
      resources: { requests: { cpu: '3' } },
      overhead: { cpu: '250m' },
    };
    expect(podRequests(spec)).toEqual({ cpu: 3_250, pods: 1, 'host-port TCP/80': 1 });
  });
});

describe('whyNodeRefuses', () => {
  const node: PlacementNode = {
    ...{ name: 'n', labels: { gpu: 'h100', gen: '9' }, taints: [], unschedulable: false, ready: true },
    allocatable: {},
  };
  const shape: PodShape = { requests: {}, nodeSelector: {}, tolerations: [] };
  const affinity = (...matchExpressions: MatchExpression[]) => ({
    ...shape,
    affinity: [{ matchExpressions }],
  });
  const no = "node(s) didn't match Pod's node affinity/selector";

  it.each<[string, PodShape, string | undefined]>([
    ['a selector', { ...shape, nodeSelector: { gpu: 'h100' } }, undefined],
    ['another selector', { ...shape, nodeSelector: { gpu: 'a100' } }, no],
    ['In', affinity({ key: 'gpu', operator: 'In', values: ['a100', 'h100'] }), undefined],
    ['NotIn', affinity({ key: 'gpu', operator: 'NotIn', values: ['h100'] }), no],
    ['NotIn of a missing label', affinity({ key: 'x', operator: 'NotIn', values: ['h100'] }), undefined],
    ['Exists', affinity({ key: 'x', operator: 'Exists' }), no],
    ['DoesNotExist', affinity({ key: 'x', operator: 'DoesNotExist' }), undefined],
    ['Gt', affinity({ key: 'gen', operator: 'Gt', values: ['8'] }), undefined],
    ['Lt', affinity({ key: 'gen', operator: 'Lt', values: ['8'] }), no],
    ['Gt of no number', affinity({ key: 'gpu', operator: 'Gt', values: ['8'] }), no],
    ['an unknown operator', affinity({ key: 'gpu', operator: 'Like', values: ['h'] }), no],
    ['an empty term', { ...shape, affinity: [{}] }, no],
    ['no term', { ...shape, affinity: [] }, no],
    [
      'the name',
      { ...shape, affinity: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] },
      undefined,
    ],
    [
      'another field',
      { ...shape, affinity: [{ matchFields: [{ key: 'spec.x', operator: 'In', values: ['n'] }] }] },
      no,
    ],
  ])('follows %s', (_, pod, reason) => {
    expect(whyNodeRefuses(node, pod)).toBe(reason);
  });

  it('heeds taints that no toleration answers', () => {
    const tainted = (effect: string) => ({ ...node, taints: [{ key: 'k', value: 'v', effect }] });
    const reason = 'node(s) had untolerated taint {k: v}';
    expect(whyNodeRefuses(tainted('NoSchedule'), shape)).toBe(reason);
    expect(whyNodeRefuses(tainted('PreferNoSchedule'), shape)).toBeUndefined();
    const verdicts = [
      { key: 'k', value: 'v' },
      { key: 'k', operator: 'Exists' },
      { operator: 'Exists' },
      { key: 'k', value: 'v', effect: 'NoExecute' },
      { key: 'k', value: 'w' },
      { value: 'v' },
    ].map((toleration) => whyNodeRefuses(tainted('NoExecute'), { ...shape, tolerations: [toleration] }));
    expect(verdicts).toEqual([undefined, undefined, undefined, undefined, reason, reason]);
  });

  it('leaves cordoned nodes and nodes that are not ready alone', () => {
    expect(whyNodeRefuses({ ...node, unschedulable: true }, shape)).toBe('node(s) were unschedulable');
    expect(whyNodeRefuses({ ...node, ready: false }, shape)).toBe('node(s) were not ready');
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
    expect(whyNodeRefuses({ ...node, unschedulable: true }, { ...shape, tolerations })).toBeUndefined();
  });
});
