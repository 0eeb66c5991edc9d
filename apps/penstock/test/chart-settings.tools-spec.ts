import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '@penstock/platform';
import { ENTRY_POINTS } from '../../../deploy/image/entry-points.mjs';
import { type ChartCopies, copyChart } from '../../../libs/testing/test/chart/chart-copies.js';
import { Helm } from '../../../libs/testing/test/chart/helm.js';
import { type Workload, workloadsOf } from '../../../libs/testing/test/chart/policies/workload.js';
import { PROFILES, releaseOf } from '../../../libs/testing/test/chart/profiles.js';
import { parseOptions } from '../../engine-sim/src/options/parse-options.js';
import { podEnvironment } from './chart/pod-environment.js';
import { SERVICE_CONFIGS } from './chart/service-configs.js';

const FACTS = {
  fields: { 'metadata.name': 'penstock-x-0', 'metadata.namespace': 'penstock', 'spec.nodeName': 'node-1' },
  secrets: {
    'penstock-nats/url': 'nats://user:pw@nats:4222',
    'penstock-redis/url': 'rediss://:pw@redis:6379',
  },
};

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

const componentOf = ({ labels }: Workload) => labels['app.kubernetes.io/component'] ?? '';
const servicesOf = async (release: Parameters<Helm['template']>[0]) =>
  workloadsOf(await helm.template(release)).filter(({ object }) =>
    ['Deployment', 'DaemonSet'].includes(object.kind),
  );

/** The settings of a service as its pod starts it. @throws ConfigError as the service would */
function settingsOf(workload: Workload) {
  const [container] = workload.pod.containers;
  const definition = SERVICE_CONFIGS[componentOf(workload)];
  if (!container || !definition) throw new Error(`what is ${componentOf(workload)}?`);
  return loadConfig(definition, container.args ?? [], podEnvironment(container, FACTS)) as {
    config: Record<string, unknown>;
    sources: Record<string, string>;
  };
}

describe.each(PROFILES)('profile %s', (profile) => {
  it('starts programs of the image, with settings that they take', async () => {
    const services = await servicesOf(releaseOf(profile, copies));
    expect(services.length).toBeGreaterThan(3);
    for (const workload of services) {
      const [container] = workload.pod.containers;
      const component = componentOf(workload);
      expect(container?.command).toEqual([`/app/bin/${component}`]);
      expect(Object.keys(ENTRY_POINTS)).toContain(component);
      if (component === 'engine-sim') {
        expect(parseOptions([...(container?.args ?? [])], {})).toMatchObject({ warnings: [] });
        continue;
      }
      const { config, sources } = settingsOf(workload);
      // Ports are numbers of the container, and the service listens where Kubernetes looks.
      for (const { name, containerPort } of container?.ports ?? []) {
        expect([component, name, config[`${name}Port`]]).toEqual([component, name, containerPort]);
      }
      expect([component, config['host'], config['instance']]).toEqual([component, '0.0.0.0', 'penstock-x-0']);
      const variables = (container?.env ?? []).filter(({ name }) => name.startsWith('PENSTOCK_'));
      expect(Object.values(sources).filter((source) => source === 'env')).toHaveLength(variables.length);
    }
  });
});

it('runs the script of the chart as its test', async () => {
  const script = readFileSync(join(copies.whole, 'files/completion.mjs'), 'utf8');
  const objects = await helm.template(releaseOf('dev', copies));
  const test = workloadsOf(objects).find(({ object }) => object.kind === 'Pod');
  const [container] = test?.pod.containers ?? [];
  if (!container) throw new Error('there is no test');
  expect(container.command).toEqual(['node', '--input-type=module', '--eval']);
  expect(container.args?.map((text) => text.trim())).toEqual([script.trim()]);
  expect(podEnvironment(container, FACTS)).toEqual({
    FRONT_DOOR: 'http://penstock-front-door:8080',
    MODEL: 'Qwen/Qwen3-32B',
    TIMEOUT_MS: '120000',
  });
  expect(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toContain(
    'Service/penstock-front-door',
  );
});

describe('the settings of services', () => {
  const bySetting = async (values: object) => {
    const services = await servicesOf({ ...releaseOf('everything', copies), values });
    return Object.fromEntries(
      services
        .filter((workload) => SERVICE_CONFIGS[componentOf(workload)])
        .map((workload) => [componentOf(workload), settingsOf(workload).config]),
    );
  };

  it('arrive as they are written: large numbers, fractions, flags and text', async () => {
    const settings = await bySetting({
      scheduler: {
        config: { maxBodyBytes: 1_073_741_824, decisionHeaders: false, tierCredits: 'cpu=1,ssd=0.5' },
      },
      kvOffload: { config: { highWatermark: 0.95, lowWatermark: 0.5 } },
      gangPlacer: { config: { tierStagingBytes: 17_179_869_184 } },
      kvCache: { tiering: { cpu: { capacity: 68_719_476_736 }, s3: { capacity: '2Ti' } } },
    });
    expect(settings['scheduler']).toMatchObject({
      maxBodyBytes: 1_073_741_824,
      decisionHeaders: false,
      tierCredits: 'cpu=1,ssd=0.5',
      maxAttempts: 2,
      tokenizerDir: '/tokenizer/qwen',
      logLevel: 'debug',
    });
    expect(settings['kv-offload']).toMatchObject({
      highWatermark: 0.95,
      lowWatermark: 0.5,
      s3Bucket: 'blocks',
      s3Endpoint: 'https://s3.example:9000',
      s3CapacityBytes: 2 * 1024 ** 4,
      s3AccessKeyIdFile: '/var/run/secrets/s3/access-key-id',
    });
    expect(settings['gang-placer']).toMatchObject({
      tierStagingBytes: 17_179_869_184,
      tierCpuHostPath: '/dev/shm/penstock-kv',
      tierSsdHostPath: '/var/lib/penstock-kv',
      keepFrontend: true,
    });
    expect(settings['kv-node']).toMatchObject({
      node: 'node-1',
      cpuDir: '/kv/cpu',
      cpuCapacity: 68_719_476_736,
      ssdDir: '/kv/ssd',
      ssdCapacity: 200 * 1024 ** 3,
    });
  });

  it('tell kv-offload and kv-node of the same bucket', async () => {
    const settings = await bySetting({});
    for (const key of [
      's3Bucket',
      's3Prefix',
      's3Endpoint',
      's3Region',
      's3AccessKeyIdFile',
      's3SecretAccessKeyFile',
    ]) {
      expect([key, settings['kv-offload']?.[key]]).toEqual([key, settings['kv-node']?.[key]]);
    }
  });

  it('name the pods of kv-node, mounts included', async () => {
    const services = await servicesOf(releaseOf('everything', copies));
    const node = services.find((workload) => componentOf(workload) === 'kv-node');
    const { kvNodeSelector } = (await bySetting({}))['kv-offload'] ?? {};
    const wanted = Object.fromEntries(
      String(kvNodeSelector)
        .split(',')
        .map((each) => each.split('=')),
    );
    expect(node?.labels).toMatchObject(wanted);
    const mounts = node?.pod.containers[0]?.volumeMounts ?? [];
    const volumes = node?.pod.volumes?.map(({ name }) => name);
    expect(mounts.map(({ mountPath }) => mountPath)).toEqual([
      '/tmp',
      '/kv/cpu',
      '/kv/ssd',
      '/var/run/secrets/s3',
    ]);
    expect(volumes).toEqual(mounts.map(({ name }) => name));
  });

  it('serve one namespace, or all', async () => {
    const services = ['scheduler', 'kv-index', 'autoscaler', 'gang-placer'];
    const [one, all] = [await bySetting({}), await bySetting({ global: { allNamespaces: true } })];
    for (const service of services) {
      expect([service, one[service]?.['namespace'], all[service]?.['namespace']]).toEqual([
        service,
        'penstock',
        undefined,
      ]);
    }
    expect(all['kv-offload']?.['namespace']).toBe('penstock');
  });

  it('take the start gate from the image of the services, unless there is another', async () => {
    const gateOf = async (gateConfig: object) => {
      const services = await servicesOf({
        ...releaseOf('everything', copies),
        values: { gangPlacer: { config: gateConfig } },
      });
      const placer = services.find((workload) => componentOf(workload) === 'gang-placer') as Workload;
      const { startupGateImage, startupGateCommand } = settingsOf(placer).config;
      return { isOurs: startupGateImage === placer.pod.containers[0]?.image, startupGateCommand };
    };
    const startupGateCommand = `/app/bin/${'startup-gate' satisfies keyof typeof ENTRY_POINTS}`;
    expect(await gateOf({})).toEqual({ isOurs: true, startupGateCommand });
    expect(await gateOf({ startupGateCommand: '/gate' })).toEqual({
      isOurs: true,
      startupGateCommand: '/gate',
    });
    expect(await gateOf({ startupGateImage: 'gate:1' })).toEqual({
      isOurs: false,
      startupGateCommand: undefined,
    });
  });

  it('leave requests the time that the pod has: drain, sleep before it and some more', async () => {
    const services = await servicesOf(releaseOf('everything', copies));
    for (const { object, pod } of services) {
      const { terminationGracePeriodSeconds: grace } = pod;
      const wanted = object.metadata.name === 'penstock-scheduler' ? 31 + 5 + 10 : 10 + 10;
      expect([object.metadata.name, grace]).toEqual([object.metadata.name, expect.any(Number)]);
      expect(grace).toBeGreaterThanOrEqual(wanted);
    }
  });
});
