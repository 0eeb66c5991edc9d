import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChartCopies, copyChart } from './chart-copies.js';
import { Helm, type Release } from './helm.js';

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

const EXTERNAL = {
  nats: { enabled: false },
  valkey: { enabled: false },
  externalNats: { existingSecret: 'penstock-nats' },
  externalRedis: { existingSecret: 'penstock-redis' },
};

/** What people read: the one error, without helm's own frame around it. */
async function problems(release: Partial<Release>): Promise<string[]> {
  const said = await helm.refusal({ chart: copies.whole, ...release });
  const lines = said.split('\n').filter((line) => !line.startsWith('level=') && line.trim() !== '');
  expect(lines.filter((line) => line.startsWith('Error: '))).toHaveLength(1);
  const frame = /^Error: |^penstock:$|^Use --debug flag/;
  return lines.filter((line) => !frame.test(line)).map((line) => line.trim());
}

describe('a value that the schema refuses', () => {
  it.each<[string, object, string]>([
    ['a key with a typo', { schedular: {} }, "- at '': additional properties 'schedular' not allowed"],
    [
      'a typo one level down',
      { scheduler: { replcas: 2 } },
      "- at '/scheduler': additional properties 'replcas' not allowed",
    ],
    [
      'a typo in a setting of a service',
      { scheduler: { config: { maxAtempts: 2 } } },
      "- at '/scheduler/config': additional properties 'maxAtempts' not allowed",
    ],
    [
      'a typo three levels down',
      { kvCache: { tiering: { s3: { bukket: 'b' } } } },
      "- at '/kvCache/tiering/s3': additional properties 'bukket' not allowed",
    ],
    [
      'a typo in a list',
      { scheduler: { tolerations: [{ kee: 'a' }] } },
      "- at '/scheduler/tolerations/0': additional properties 'kee' not allowed",
    ],
    [
      'a setting that the chart makes',
      { scheduler: { config: { natsUrl: 'nats://a' } } },
      "- at '/scheduler/config': additional properties 'natsUrl' not allowed",
    ],
    [
      'a number in quotes',
      { scheduler: { replicas: '3' } },
      "- at '/scheduler/replicas': got string, want integer",
    ],
    [
      'a word for a boolean',
      { gateway: { enabled: 'please' } },
      "- at '/gateway/enabled': got string, want boolean",
    ],
    [
      'a number for a list',
      { networkPolicy: { enginePorts: 8000 } },
      "- at '/networkPolicy/enginePorts': got number, want array",
    ],
    ['a number for text', { image: { tag: 1.2 } }, "- at '/image/tag': got number, want string"],
    [
      'a choice that there is not',
      { model: { dtype: 'fp9' } },
      "- at '/model/dtype': value must be one of 'auto', 'bfloat16', 'float16', 'float32', 'fp8'",
    ],
    [
      'a setting out of its range',
      { scheduler: { config: { maxAttempts: 0 } } },
      "- at '/scheduler/config/maxAttempts': minimum: got 0, want 1",
    ],
    [
      'a port that there is not',
      { gateway: { port: 70_000 } },
      "- at '/gateway/port': maximum: got 70,000, want 65,535",
    ],
    [
      'nothing in place of a service',
      { scheduler: { resources: null } },
      "- at '/scheduler/resources': got null, want object",
    ],
    [
      'nothing in place of a subtree',
      { kvCache: { tiering: null } },
      "- at '/kvCache': missing property 'tiering'",
    ],
    ['nothing in place of all of a service', { kvCache: null }, "- at '': missing property 'kvCache'"],
    [
      'nothing in place of settings',
      { kvIndex: { config: null } },
      "- at '/kvIndex/config': got null, want object",
    ],
  ])('%s is told by its path', async (_what, values, expected) => {
    expect(await problems({ values })).toEqual([expected]);
  });
});

describe('values that do not fit each other', () => {
  const tiering = (over: object) => ({ kvCache: { tiering: { enabled: true, ...over } } });
  it.each<[string, object, RegExp]>([
    [
      'NATS of the release and of yours',
      { externalNats: { url: 'nats://mine:4222' } },
      /^nats\.enabled and externalNats: NATS would be there twice; set nats\.enabled to false to use yours, or remove externalNats$/,
    ],
    [
      'Redis of the release and of yours',
      { externalRedis: { existingSecret: 'redis' } },
      /^valkey\.enabled and externalRedis: Redis would be there twice; set valkey\.enabled to false to use yours, or/,
    ],
    [
      'no NATS',
      { nats: { enabled: false } },
      /^externalNats: there is no NATS; set externalNats\.url .*existingSecret, or nats\.enabled to true$/,
    ],
    [
      'no Redis',
      { valkey: { enabled: false } },
      /^externalRedis: there is no Redis; set externalRedis\.url .*existingSecret, or valkey\.enabled to true$/,
    ],
    [
      'a URL and a Secret with one',
      { ...EXTERNAL, externalNats: { url: 'nats://a:4222', existingSecret: 'b' } },
      /^externalNats: url and existingSecret are both set; keep one$/,
    ],
    [
      'a URL of something else',
      { ...EXTERNAL, externalRedis: { url: 'redis.data:6379' } },
      /^externalRedis\.url: is "redis\.data:6379"; write it as redis:\/\/redis\.data:6379$/,
    ],
    [
      'a password in values',
      { ...EXTERNAL, externalRedis: { url: 'redis://:hunter2@redis.data:6379' } },
      /^externalRedis\.url: holds credentials; put the URL into a Secret and name it in externalRedis\.existingSecret$/,
    ],
    [
      'cluster mode of a Redis that is not yours',
      { externalRedis: { cluster: true } },
      /^externalRedis\.cluster: is about a Redis of yours; set valkey\.enabled to false, or remove it$/,
    ],
    [
      'tiers without storage',
      tiering({ cpu: { hostPath: '' } }),
      /^kvCache\.tiering\.cpu\.hostPath: there is no storage; name a folder on tmpfs/,
    ],
    [
      'two tiers in one folder',
      tiering({ ssd: { hostPath: '/dev/shm/penstock-kv' } }),
      /^kvCache\.tiering\.ssd\.hostPath: is the folder of the CPU tier as well; name another one$/,
    ],
    [
      'a folder without a root',
      tiering({ ssd: { hostPath: 'kv' } }),
      /^kvCache\.tiering\.ssd\.hostPath: is "kv"; write an absolute path$/,
    ],
    [
      'a capacity that is none',
      tiering({ cpu: { capacity: '64 GB' } }),
      /^kvCache\.tiering\.cpu\.capacity: is "64 GB"; write bytes, or a number with Ki, Mi, Gi or Ti/,
    ],
    [
      'a bucket without an SSD',
      tiering({ ssd: { hostPath: '' }, s3: { bucket: 'b' } }),
      /^kvCache\.tiering\.ssd\.hostPath: blocks reach S3 by way of an SSD/,
    ],
    [
      'a server of S3 without credentials',
      tiering({ s3: { bucket: 'b', endpoint: 'http://s3:9000' } }),
      /^kvCache\.tiering\.s3\.existingSecret: .* needs credentials; name a Secret with accessKeyId and secretAccessKey$/,
    ],
    [
      'settings of S3 without a bucket',
      tiering({ s3: { existingSecret: 'a' } }),
      /^kvCache\.tiering\.s3\.bucket: is missing/,
    ],
    [
      'a bucket without tiers',
      { kvCache: { tiering: { s3: { bucket: 'b' } } } },
      /^kvCache\.tiering\.enabled: is false, and settings of S3 are there/,
    ],
    [
      'tiers without kv-index',
      { kvIndex: { enabled: false }, ...tiering({}) },
      /^kvCache\.tiering\.enabled: kv-index tells .* set kvIndex\.enabled to true$/,
    ],
    [
      'a gateway without a class',
      { gateway: { enabled: true } },
      /^gateway\.className: is missing; name a class of `kubectl get gatewayclasses`$/,
    ],
    [
      'a gateway to nothing',
      { gateway: { enabled: true, className: 'a' }, inferenceScheduler: { enabled: false } },
      /^gateway\.enabled: routes to the scheduler; set inferenceScheduler\.enabled to true$/,
    ],
    [
      'engines that nobody makes',
      { model: { name: 'a' }, gangPlacer: { enabled: false } },
      /^gangPlacer\.enabled: engines of this release .* set it to true$/,
    ],
    [
      'prefill and no prefill',
      { pdDisaggregation: { enabled: true }, prefillReplicas: 0 },
      /^prefillReplicas: is 0 with pdDisaggregation\.enabled true/,
    ],
    [
      'prefill without decode',
      { prefillReplicas: 1, decodeReplicas: 0 },
      /^decodeReplicas: is 0 with 1 that only prefill, so nothing could answer/,
    ],
    [
      'fewer engines at most than at first',
      { decodeReplicas: 4, engines: { maxReplicas: 2 } },
      /^engines\.maxReplicas: is 2, fewer than the 4 at the start; raise it$/,
    ],
    [
      'engines of no number',
      { engines: { accelerator: 'nvidia-h100' } },
      /^engines, model: say how engines of this release run, and there are none/,
    ],
    [
      'sleep without who puts to sleep',
      { autoscaler: { enabled: false, scaleToZero: true } },
      /^autoscaler\.scaleToZero: needs the autoscaler/,
    ],
    [
      'a tokenizer without a volume',
      { scheduler: { tokenizer: { path: 'qwen' } } },
      /^scheduler\.tokenizer\.existingClaim: is missing/,
    ],
  ])('%s is one sentence with the fix', async (_what, values, expected) => {
    expect(await problems({ values })).toEqual([expect.stringMatching(expected)]);
  });

  it('are told all at once', async () => {
    const values = { ...EXTERNAL, externalNats: {}, externalRedis: {}, gateway: { enabled: true } };
    const said = await problems({ values });
    expect(said.map((line) => line.split(':')[0])).toEqual([
      'externalNats',
      'externalRedis',
      'gateway.className',
    ]);
  });

  it('do not show a password that was written into values', async () => {
    const values = { ...EXTERNAL, externalRedis: { url: 'redis://:hunter2@redis.data:6379' } };
    expect(await helm.refusal({ chart: copies.whole, values })).not.toContain('hunter2');
  });
});

describe('names', () => {
  const long = (length: number) => 'a'.repeat(length);

  it('that are too long are told with how long they may be', async () => {
    expect(await problems({ values: { fullnameOverride: long(51) } })).toEqual([
      `fullnameOverride: names would begin with "${long(51)}", which has 51 characters; set it, or the name of the release, to at most 50`,
    ]);
    const engines = { fullnameOverride: long(38), model: { name: 'a' } };
    expect(await problems({ values: engines })).toEqual([expect.stringMatching(/to at most 37$/)]);
    // Names of releases end at 53 by themselves.
    expect(await problems({ name: long(53) })).toEqual([expect.stringMatching(/to at most 50$/)]);
  });

  it('may be as long as that', async () => {
    const files = ['ha', 'external'].map((name) => `${copies.alone}/values-${name}.yaml`);
    const objects = await helm.template({ chart: copies.alone, name: long(50), files });
    const lengths = objects.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('a'));
    expect(Math.max(...lengths.map(({ length }) => length))).toBe(63);
  });

  it.each(['1st', 'Upper', 'dot.ted', 'end-'])('that no Service can have are told: %s', async (name) => {
    expect(await problems({ values: { fullnameOverride: name } })).toEqual([
      expect.stringMatching(/^fullnameOverride: is ".*"; names of Services begin with a letter/),
    ]);
  });
});

describe('a cluster', () => {
  it('that is too old is told', async () => {
    expect(await helm.refusal({ chart: copies.whole, flags: ['--kube-version', '1.29.0'] })).toContain(
      'chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.0',
    );
  });
});
