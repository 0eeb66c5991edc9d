import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterTopologyBindingKind, podCliqueSetKind, serviceKind } from '@penstock/contracts';
import { clique, NAMESPACE, podCliqueSet, WorkloadLab } from './workload-lab.js';

const valid = { cliques: [clique('a'), clique('b')] };
const explicit = (...after: string[][]) => ({
  cliqueStartupType: 'CliqueStartupTypeExplicit',
  cliques: after.map((startsAfter, i) => clique('abc'[i] ?? '', { startsAfter })),
});
const pack = (required: string, topologyName?: string) => ({ topologyName, pack: { required } });

let lab: WorkloadLab;
beforeEach(async () => {
  lab = new WorkloadLab();
  await lab.start();
});
afterEach(() => lab.stop());

const conditionOf = async (type: string) =>
  (await lab.set()).status?.conditions?.find((condition) => condition.type === type);

describe('an invalid set', () => {
  it.each<[string, object, string]>([
    ['a start order that goes round', explicit(['b'], ['a']), 'a after b after a'],
    [
      'an unknown clique before another',
      explicit(['x'], []),
      'cliques[0].spec.startsAfter[0]: there is no clique "x": name one of a, b',
    ],
    ['a clique after itself', explicit(['a']), 'a clique cannot start after itself'],
    ['a clique listed twice', explicit([], ['a', 'a']), 'is listed twice'],
    [
      'names that are too long together',
      { cliques: [clique('c'.repeat(45))] },
      'have 48 characters together: at most 45',
    ],
    [
      'two schedulers',
      {
        cliques: [clique('a'), clique('b', { podSpec: { schedulerName: 'x', containers: [{ name: 'c' }] } })],
      },
      '"x" differs from "" of spec.template.cliques[0]',
    ],
    [
      'a role twice',
      { cliques: [clique('a'), clique('b', { roleName: 'a' })] },
      'cliques[1].spec.roleName: is the roleName of',
    ],
    [
      'a group of an unknown clique',
      { ...valid, podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['x'] }] },
      'podCliqueScalingGroups[0].cliqueNames[0]: there is no clique "x"',
    ],
    [
      'a clique in two groups',
      {
        ...valid,
        podCliqueScalingGroups: [
          { name: 'g', cliqueNames: ['a'] },
          { name: 'h', cliqueNames: ['a'] },
        ],
      },
      'clique "a" is already in scaling group "g"',
    ],
    [
      'a name that a group would make too',
      {
        cliques: [clique('a'), clique('g-0-a')],
        podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['a'] }],
      },
      'is also the name of a clique in scaling group "g"',
    ],
    [
      'scaling of a clique beside its group',
      {
        cliques: [clique('a', { autoScalingConfig: { maxReplicas: 3 } })],
        podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['a'] }],
      },
      'set scaleConfig of scaling group "g" instead',
    ],
    [
      'a constraint without a topology',
      { ...valid, topologyConstraint: pack('rack') },
      'topologyConstraint.topologyName: is missing',
    ],
    [
      'two topologies',
      {
        cliques: [clique('a', {}, { topologyConstraint: pack('rack', 'u') })],
        topologyConstraint: pack('zone', 't'),
      },
      '"u" differs from "t"',
    ],
    // As with Grove's definition of the kind, which leaves this to a webhook.
    [
      'a node name',
      { cliques: [clique('a', { podSpec: { nodeName: 'n', containers: [{ name: 'c' }] } })] },
      'nodeName must not be set',
    ],
    ['no clique', { cliques: [] }, 'spec.template.cliques'],
  ])('says what is wrong and makes nothing: %s', async (_what, template, message) => {
    await lab.apply(podCliqueSet(template));
    expect(await conditionOf('Valid')).toMatchObject({ status: 'False', reason: 'InvalidSpec' });
    expect((await conditionOf('Valid'))?.message).toContain(message);
    expect(lab.cluster.events).toEqual([expect.objectContaining({ type: 'Warning', reason: 'InvalidSpec' })]);
    for (const kind of ['pods', 'cliques', 'gangs', 'groups'] as const)
      expect(await lab.names(kind)).toEqual([]);
  });

  it('leaves what runs alone, and goes on once it is mended', async () => {
    await lab.apply(podCliqueSet(valid));
    await lab.run();
    const uids = (await lab.pods()).map(({ metadata }) => metadata.uid);
    await lab.apply(podCliqueSet({ cliques: [clique('a'), clique('b'), clique('c')] }));
    expect((await conditionOf('Valid'))?.message).toContain('pcs-0-c was added or removed');
    expect((await lab.pods()).map(({ metadata }) => metadata.uid)).toEqual(uids);
    await lab.deletePod('pcs-0-a-0');
    expect(await lab.names()).toEqual(['pcs-0-a-0', 'pcs-0-b-0']);
    await lab.apply(podCliqueSet(valid));
    expect(await conditionOf('Valid')).toMatchObject({ status: 'True' });
  });

  it('refuses a changed scaling group', async () => {
    const groups = (minAvailable: number) => ({
      ...valid,
      podCliqueScalingGroups: [{ name: 'g', cliqueNames: ['a'], replicas: 2, minAvailable }],
    });
    await lab.apply(podCliqueSet(groups(1)));
    await lab.apply(podCliqueSet(groups(2)));
    expect((await conditionOf('Valid'))?.message).toContain('cliqueNames and minAvailable are fixed');
    expect((await lab.group('pcs-0-g')).spec.minAvailable).toBe(1);
  });
});

describe('fields without effect', () => {
  it('are named', async () => {
    const template = {
      ...valid,
      terminationDelay: '4h',
      futureField: 1,
      cliques: [clique('a', { startsAfter: ['b'], autoScalingConfig: { maxReplicas: 2 } }), clique('b')],
    };
    await lab.apply(podCliqueSet(template));
    expect((await conditionOf('penstock.dev/FieldsIgnored'))?.message).toBe(
      'kept but without effect: spec.template.cliques[0].spec.autoScalingConfig, spec.template.futureField, spec.template.cliques[0].spec.startsAfter',
    );
    expect(await lab.names()).toHaveLength(2);
  });
});

describe('a topology', () => {
  const template = {
    topologyConstraint: { topologyName: 't', pack: { required: 'zone', preferred: 'rack' } },
    cliques: [clique('a', {}, { topologyConstraint: pack('rack') }), clique('b')],
    podCliqueScalingGroups: [
      { name: 'g', cliqueNames: ['b'], replicas: 2, topologyConstraint: { packDomain: 'rack' } },
    ],
  };
  const binding = (...levels: string[]) =>
    lab.cluster.apply(clusterTopologyBindingKind, {
      apiVersion: 'grove.io/v1alpha1',
      kind: 'ClusterTopologyBinding',
      metadata: { name: 't' },
      spec: { levels: levels.map((domain) => ({ domain, key: `example.com/${domain}` })) },
    });

  it('becomes node labels once its binding is there', async () => {
    await lab.apply(podCliqueSet(template));
    expect(await conditionOf('TopologyLevelsUnavailable')).toMatchObject({
      status: 'Unknown',
      reason: 'ClusterTopologyNotFound',
    });
    expect(await lab.names('gangs')).toEqual([]);
    await binding('zone');
    await lab.settle();
    expect(await conditionOf('TopologyLevelsUnavailable')).toMatchObject({
      status: 'True',
      message: 'ClusterTopologyBinding "t" has no level rack: it has zone',
    });
    await binding('zone', 'rack');
    await lab.settle();
    expect(await conditionOf('TopologyLevelsUnavailable')).toMatchObject({ status: 'False' });
    const zone = { packConstraint: { required: 'example.com/zone', preferred: 'example.com/rack' } };
    const rack = { packConstraint: { required: 'example.com/rack' } };
    const base = await lab.gang('pcs-0');
    expect(base.spec.topologyConstraint).toEqual(zone);
    expect(base.spec.podgroups.map(({ topologyConstraint }) => topologyConstraint)).toEqual([
      rack,
      undefined,
    ]);
    expect(base.spec.topologyConstraintGroupConfigs).toEqual([
      { name: 'pcs-0-g-0', podGroupNames: ['pcs-0-g-0-b'], topologyConstraint: rack },
    ]);
    expect((await lab.gang('pcs-0-g-0')).spec.topologyConstraint).toEqual(rack);
  });

  it('says what of its binding has no effect, and what is wrong with it', async () => {
    await lab.apply(podCliqueSet(template));
    const object = await binding('zone', 'zone');
    const schedulerTopologyBindings = [{ schedulerName: 'kai-scheduler', topologyReference: 'x' }];
    await lab.cluster.apply(clusterTopologyBindingKind, {
      ...object,
      metadata: { name: 't' },
      spec: { ...object.spec, schedulerTopologyBindings },
    });
    await lab.settle();
    expect((await conditionOf('TopologyLevelsUnavailable'))?.message).toBe(
      'ClusterTopologyBinding "t" is invalid: spec.levels: every domain and every key may appear once',
    );
    const found = await lab.cluster.get(clusterTopologyBindingKind, undefined, 't');
    expect(found?.status?.conditions).toEqual([
      expect.objectContaining({
        type: 'penstock.dev/FieldsIgnored',
        status: 'True',
        message: 'kept but without effect: spec.schedulerTopologyBindings',
      }),
    ]);
  });

  it('must not be wider inside than outside', async () => {
    await binding('zone', 'rack');
    await lab.apply(
      podCliqueSet({
        ...template,
        topologyConstraint: pack('rack', 't'),
        cliques: [clique('a', {}, { topologyConstraint: pack('zone') }), clique('b')],
      }),
    );
    expect((await conditionOf('Valid'))?.message).toContain(
      'spec.template.cliques[0].topologyConstraint.pack.required: zone is wider than rack of spec.template.topologyConstraint',
    );
    expect(await lab.names('gangs')).toEqual([]);
  });
});

describe('a name in use', () => {
  it('is told, and what belongs to somebody else stays', async () => {
    await lab.cluster.create(serviceKind, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'pcs-0', namespace: NAMESPACE },
      spec: { clusterIP: '10.0.0.1' },
    });
    await lab.cluster.apply(podCliqueSetKind, podCliqueSet(valid));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(lab.cluster.events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          reason: 'ReconcileError',
          message:
            'Service llm/pcs-0 exists and is not ours: delete or rename it, or rename the PodCliqueSet',
        }),
      ]),
    );
    expect((await lab.cluster.get(serviceKind, NAMESPACE, 'pcs-0'))?.spec).toEqual({ clusterIP: '10.0.0.1' });
  });
});
