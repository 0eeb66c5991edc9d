import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type ChartCopies, copyChart } from './chart-copies.js';
import { Helm } from './helm.js';
import { PROFILES, releaseOf } from './profiles.js';
import { idOf } from './rendered-object.js';

/** Profile → kind → names. */
const INVENTORY = parse(
  readFileSync(fileURLToPath(new URL('./golden/inventory.yaml', import.meta.url)), 'utf8'),
) as Record<string, Record<string, string>>;
/** Definitions that the umbrella renders; that of inference.llm-d.io is in a folder `crds`. */
const DEFINITIONS = [
  'clustertopologybindings.grove.io',
  'dynamographdeployments.nvidia.com',
  'gangplacements.penstock.dev',
  'inferencemodelrewrites.llm-d.ai',
  'podcliques.grove.io',
  'podcliquescalinggroups.grove.io',
  'podcliquesets.grove.io',
  'podgangs.scheduler.grove.io',
  'variantautoscalings.llmd.ai',
];

let copies: ChartCopies;
let helm: Helm;
beforeAll(async () => {
  copies = await copyChart();
  helm = new Helm();
});
afterAll(() => {
  helm?.dispose();
  copies?.remove();
});

describe.each(PROFILES)('profile %s', (profile) => {
  it('is linted without a warning', async () => {
    const { status, stdout, stderr } = await helm.run('lint', {
      ...releaseOf(profile, copies),
      flags: ['--strict', '--quiet'],
    });
    expect([status, `${stdout}${stderr}`.trim()]).toEqual([0, '']);
  });

  it('has the objects that it is known for, each once', async () => {
    const objects = await helm.template(releaseOf(profile, copies));
    const names: Record<string, string[]> = {};
    for (const { kind, metadata } of objects) names[kind] = [...(names[kind] ?? []), metadata.name].sort();
    const { CustomResourceDefinition: definitions, ...rest } = names;
    expect(definitions).toEqual(DEFINITIONS);
    const short = Object.entries(rest).map(([kind, all]) => [
      kind,
      all.map((name) => name.replace(/^penstock-/, '')).join(' '),
    ]);
    expect(Object.fromEntries(short)).toEqual(INVENTORY[profile]);
    expect(new Set(objects.map(idOf)).size).toBe(objects.length);
  });
});

describe('definitions', () => {
  const definitionsOf = async (values: object, flags: string[] = []) => {
    const objects = await helm.template({ ...releaseOf('external', copies), values, flags });
    return objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ metadata }) => metadata);
  };

  it('are kept by helm, and those of others never part of the chart', async () => {
    const all = await definitionsOf({}, ['--include-crds']);
    expect(all.map(({ name }) => name).sort()).toEqual(
      [...DEFINITIONS, 'inferencepools.inference.llm-d.io'].sort(),
    );
    for (const { name, annotations } of all.filter(({ name }) => DEFINITIONS.includes(name))) {
      expect([name, annotations?.['helm.sh/resource-policy']]).toEqual([name, 'keep']);
    }
  });

  it.each([
    ['penstock', ['gangplacements.penstock.dev']],
    ['grove', DEFINITIONS.filter((name) => name.endsWith('grove.io'))],
    ['variantAutoscaling', ['variantautoscalings.llmd.ai']],
    ['modelRewrite', ['inferencemodelrewrites.llm-d.ai']],
    ['dynamoGraph', ['dynamographdeployments.nvidia.com']],
  ])('are left out by crds.%s', async (key, left) => {
    const names = (await definitionsOf({ crds: { [key]: false } })).map(({ name }) => name);
    expect(names.sort()).toEqual(DEFINITIONS.filter((name) => !left.includes(name)));
  });

  it('are left out by crds.pavedRoad and crds.enabled', async () => {
    const names = (values: object) => definitionsOf(values, ['--include-crds']);
    expect(await names({ crds: { pavedRoad: false } })).toHaveLength(DEFINITIONS.length);
    expect(await names({ crds: { enabled: false } })).toEqual([]);
  });
});

describe('the charts of NATS and Valkey', () => {
  /** What a stand-in was given, without what it has by itself. */
  const given = async (profile: 'dev' | 'ha' | 'default', name: string) => {
    const objects = await helm.template(releaseOf(profile, copies));
    const config = objects.find((object) => idOf(object) === `ConfigMap/penstock-${name}-config`);
    return JSON.parse(config?.data?.['values.json'] ?? 'null');
  };

  it('get a small NATS without a disk for a try', async () => {
    expect(await given('dev', 'nats')).toMatchObject({
      config: {
        cluster: { enabled: false },
        jetstream: {
          enabled: true,
          fileStore: { enabled: false },
          memoryStore: { enabled: true, maxSize: '256Mi' },
          merge: { sync_interval: '10s' },
        },
      },
      natsBox: { enabled: false },
      podDisruptionBudget: { enabled: false },
    });
    expect(await given('dev', 'valkey')).toMatchObject({ replica: { enabled: false } });
  });

  it('get three NATS servers on nodes of their own, and Valkey with replicas, for production', async () => {
    expect(await given('ha', 'nats')).toMatchObject({
      config: {
        cluster: { enabled: true, replicas: 3 },
        jetstream: { enabled: true, fileStore: { enabled: true, pvc: { size: '20Gi' } } },
      },
      natsBox: { enabled: false },
      podDisruptionBudget: { enabled: true },
      podTemplate: {
        topologySpreadConstraints: {
          'kubernetes.io/hostname': { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' },
        },
      },
    });
    expect(await given('ha', 'valkey')).toMatchObject({
      replica: { enabled: true, replicas: 2, persistence: { size: '10Gi' } },
      podDisruptionBudget: { enabled: true },
    });
  });

  it('are found by the services at the names that they give themselves', async () => {
    for (const name of ['penstock', 'my-nats', 'valkey']) {
      const objects = await helm.template({ chart: copies.whole, name });
      const services = objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
      const text = JSON.stringify(objects);
      const [nats, redis] = [/nats:\/\/([^:"]+):4222/.exec(text), /redis:\/\/([^:"]+):6379/.exec(text)];
      expect([name, services]).toEqual([name, expect.arrayContaining([nats?.[1], redis?.[1]])]);
    }
  });

  it('take no key that they do not know: the stand-ins are closed', async () => {
    const release = { chart: copies.whole, values: { nats: { config: { jetsteam: {} } } } };
    expect(await helm.refusal(release)).toContain("'/config': additional properties 'jetsteam' not allowed");
  });
});

describe('the chart alone', () => {
  it('cannot be installed with NATS or Valkey, and says what to do', async () => {
    const said = await helm.refusal({ chart: copies.alone });
    for (const name of ['nats', 'valkey']) {
      expect(said).toMatch(
        new RegExp(`${name}\\.enabled: its chart is not in charts/; run .helm dependency build`),
      );
    }
  });
});
