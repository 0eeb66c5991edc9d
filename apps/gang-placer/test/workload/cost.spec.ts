import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Cluster } from '@penstock/core/ports';
import { clique, podCliqueSet, WorkloadLab } from './workload-lab.js';

const CALLS = [
  'get',
  'list',
  'create',
  'update',
  'apply',
  'mergePatch',
  'delete',
  'readScale',
  'writeScale',
] as const;

let lab: WorkloadLab;
let calls: string[];
beforeEach(async () => {
  calls = [];
  lab = new WorkloadLab();
  const counting = new Proxy<Cluster>(lab.cluster, {
    get: (target, property) => {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (CALLS.includes(property as (typeof CALLS)[number])) calls.push(String(property));
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  await lab.start(counting);
});
afterEach(() => lab.stop());

const many = podCliqueSet({
  cliques: [clique('a', { replicas: 100 }), clique('b')],
  podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['b'], replicas: 20 }],
});

describe('what a set costs the API', () => {
  it('is a few writes per pod to be born, and nothing once nothing changes', async () => {
    await lab.apply(many);
    await lab.run();
    // 120 pods, each created and its gate opened; 21 cliques, 20 gangs, the group and the set with their statuses.
    expect(calls.length).toBeLessThan(2 * 120 + 21 * 5 + 20 * 8 + 30);
    calls.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(calls).toEqual([]);
  });

  it('is a handful of writes when one of many pods changes', async () => {
    await lab.apply(many);
    await lab.run();
    calls.length = 0;
    await lab.ready(false, 'pcs-0-a-7');
    // Statuses of its clique, of its gang and of its set.
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.length).toBeLessThan(6);
  });
});
