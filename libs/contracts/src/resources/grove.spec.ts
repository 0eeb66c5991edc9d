import { describe, expect, it } from '@jest/globals';
import {
  CUSTOM_RESOURCES,
  clusterTopologyBindingSchema,
  customResourceDefinition,
  podCliqueSchema,
  podCliqueSetSchema,
} from './index.js';

const podSpec = { containers: [{ name: 'main', image: 'engine' }] };
const clique = (name: string, spec: object = {}) => ({ name, spec: { roleName: name, podSpec, ...spec } });
const object = (spec: object) => ({
  apiVersion: 'grove.io/v1alpha1',
  kind: 'K',
  metadata: { name: 'n' },
  spec,
});
const set = (template: object, spec: object = {}) =>
  podCliqueSetSchema.safeParse(object({ template, ...spec }));

describe('PodCliqueSet', () => {
  it('fills the defaults of the API', () => {
    const parsed = podCliqueSetSchema.parse(
      object({
        template: {
          cliques: [clique('prefill')],
          headlessServiceConfig: {},
          podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['prefill'] }],
        },
      }),
    );
    expect(parsed.spec).toMatchObject({
      replicas: 0,
      template: {
        cliqueStartupType: 'CliqueStartupTypeAnyOrder',
        cliques: [{ spec: { replicas: 1 } }],
        headlessServiceConfig: { publishNotReadyAddresses: true },
        podCliqueScalingGroups: [{ replicas: 1, minAvailable: 1 }],
      },
    });
  });

  it('keeps fields that only Grove acts upon', () => {
    const template = { cliques: [clique('a')], resourceSharing: [{ name: 'x' }] };
    expect(set(template).data?.spec.template).toMatchObject({
      resourceSharing: [{ name: 'x' }],
    });
  });

  it.each<[string, object, string]>([
    ['no clique', { cliques: [] }, 'cliques'],
    ['a clique twice', { cliques: [clique('a'), clique('a')] }, 'clique names must be unique'],
    ['a name that is no DNS label', { cliques: [clique('A')] }, 'name'],
    ['a pod without containers', { cliques: [clique('a', { podSpec: { containers: [] } })] }, 'containers'],
    [
      'more minAvailable than replicas',
      { cliques: [clique('a', { replicas: 2, minAvailable: 3 })] },
      'minAvailable must not be greater than replicas',
    ],
    [
      'a node name',
      { cliques: [clique('a', { podSpec: { ...podSpec, nodeName: 'n' } })] },
      'nodeName must not be set',
    ],
    [
      'topology spread constraints',
      { cliques: [clique('a', { podSpec: { ...podSpec, topologySpreadConstraints: [{}] } })] },
      'topologySpreadConstraints must not be set',
    ],
    ['an unknown start order', { cliques: [clique('a')], cliqueStartupType: 'InOrder' }, 'cliqueStartupType'],
    [
      'a constraint without a level',
      { cliques: [clique('a')], topologyConstraint: { topologyName: 't', pack: {} } },
      'pack must set required, preferred or both',
    ],
    [
      'both forms of a constraint',
      { cliques: [clique('a')], topologyConstraint: { packDomain: 'rack', pack: { required: 'rack' } } },
      'not both',
    ],
    [
      'a group with more minAvailable than replicas',
      {
        cliques: [clique('a')],
        podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['a'], replicas: 1, minAvailable: 2 }],
      },
      'minAvailable must not be greater than replicas',
    ],
  ])('refuses %s', (_what, template, message) => {
    const result = set(template);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error?.issues)).toContain(message);
  });

  it('takes a clique that sleeps', () => {
    expect(set({ cliques: [clique('a', { replicas: 0, minAvailable: 2 })] }).success).toBe(true);
    expect(podCliqueSchema.safeParse(object({ podSpec, replicas: 0, minAvailable: 2 })).success).toBe(true);
  });
});

describe('ClusterTopologyBinding', () => {
  it('refuses a domain or a key that appears twice', () => {
    const levels = (...all: Array<[string, string]>) =>
      clusterTopologyBindingSchema.safeParse(
        object({ levels: all.map(([domain, key]) => ({ domain, key })) }),
      ).success;
    expect(levels(['zone', 'z'], ['rack', 'r'])).toBe(true);
    expect(levels(['zone', 'z'], ['zone', 'r'])).toBe(false);
    expect(levels(['zone', 'z'], ['rack', 'z'])).toBe(false);
    expect(levels()).toBe(false);
  });
});

describe('definitions', () => {
  const definition = (kind: string) => {
    const entry = CUSTOM_RESOURCES.find((e) => e.resource.kind === kind);
    if (!entry) throw new Error(kind);
    return customResourceDefinition(entry);
  };

  it.each([
    ['PodCliqueSet', '.status.hpaPodSelector'],
    ['PodClique', '.status.hpaPodSelector'],
    ['PodCliqueScalingGroup', '.status.selector'],
  ])('%s can be scaled', (kind, labelSelectorPath) => {
    expect(definition(kind).spec.versions[0]?.subresources).toEqual({
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath,
      },
    });
  });

  it('carries the rules that compare with the object before', () => {
    const text = JSON.stringify(definition('PodCliqueSet'));
    for (const rule of [
      'cliqueStartupType is immutable',
      'cliques cannot be added',
      'oldSelf.cliques.size()',
    ]) {
      expect(text).toContain(rule);
    }
    expect(definition('ClusterTopologyBinding').spec.scope).toBe('Cluster');
  });
});
