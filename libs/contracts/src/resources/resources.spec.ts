import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, parseAllDocuments } from 'yaml';
import {
  apiVersionOf,
  CUSTOM_RESOURCES,
  customResourceDefinition,
  inferenceModelRewriteSchema,
  inferenceModelSchema,
  inferencePoolSchema,
  inferencePoolV1Alpha2Schema,
  namespaceSchema,
  podCliqueSetSchema,
  podSchema,
} from './index.js';

const deploy = fileURLToPath(new URL('../../../../deploy/', import.meta.url));
const metadata = { name: 'p', namespace: 'llm-d' };
const pool = (spec: object) => ({
  apiVersion: 'inference.networking.k8s.io/v1',
  kind: 'InferencePool',
  metadata,
  spec,
});
const selector = { matchLabels: { app: 'engine' } };

describe('InferencePool v1', () => {
  it('fills the defaults of the API', () => {
    const parsed = inferencePoolSchema.parse(
      pool({
        selector,
        targetPorts: [{ number: 8000 }],
        endpointPickerRef: { name: 'epp', port: { number: 9002 } },
      }),
    );
    expect(parsed.spec.appProtocol).toBe('http');
    expect(parsed.spec.endpointPickerRef).toMatchObject({
      group: '',
      kind: 'Service',
      failureMode: 'FailClose',
    });
  });

  it.each([
    ['no selector', { targetPorts: [{ number: 8000 }] }],
    ['an empty selector', { selector: { matchLabels: {} }, targetPorts: [{ number: 8000 }] }],
    [
      '65 labels',
      {
        selector: { matchLabels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'v'])) },
        targetPorts: [{ number: 8000 }],
      },
    ],
    ['a bad label value', { selector: { matchLabels: { app: 'a b' } }, targetPorts: [{ number: 8000 }] }],
    ['no port', { selector, targetPorts: [] }],
    ['nine ports', { selector, targetPorts: Array.from({ length: 9 }, (_, i) => ({ number: 8000 + i })) }],
    ['a port twice', { selector, targetPorts: [{ number: 8000 }, { number: 8000 }] }],
    ['port 0', { selector, targetPorts: [{ number: 0 }] }],
    ['port 65536', { selector, targetPorts: [{ number: 65_536 }] }],
    ['an unknown protocol', { selector, targetPorts: [{ number: 8000 }], appProtocol: 'h3' }],
    [
      'a Service picker without a port',
      { selector, targetPorts: [{ number: 8000 }], endpointPickerRef: { name: 'epp' } },
    ],
  ])('refuses %s', (_what, spec) => {
    expect(inferencePoolSchema.safeParse(pool(spec)).success).toBe(false);
  });
});

describe('InferencePool v1alpha2', () => {
  const old = (spec: object) => inferencePoolV1Alpha2Schema.safeParse({ ...pool(spec), apiVersion: 'x/v1' });

  it.each([
    ['nested', { 'llm-d.ai/role': 'decode', app: 'worker' }],
    ['flat', { app: 'worker' }],
  ])('accepts a %s selector and no extensionRef', (form, labels) => {
    expect(
      old({ targetPortNumber: 8000, selector: form === 'flat' ? labels : { matchLabels: labels } }).success,
    ).toBe(true);
  });

  it('refuses a selector that is empty or holds something else than labels', () => {
    expect(old({ targetPortNumber: 8000, selector: {} }).success).toBe(false);
    expect(old({ targetPortNumber: 8000, selector: { app: 3 } }).success).toBe(false);
    expect(old({ targetPortNumber: 8000, selector: { matchLabels: {} } }).success).toBe(false);
  });
});

describe('model objects', () => {
  const model = (targetModels: object[]) =>
    inferenceModelSchema.safeParse({
      ...pool({}),
      spec: { modelName: 'm', criticality: 'Standard', poolRef: { name: 'p' }, targetModels },
    }).success;
  const rewrite = (targets: object[]) =>
    inferenceModelRewriteSchema.safeParse({
      ...pool({}),
      spec: {
        poolRef: { name: 'p' },
        rules: [{ matches: [{ model: { type: 'Exact', value: 'm' } }], targets }],
      },
    }).success;

  it('takes weights on all targets or on none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }), {
          minLength: 1,
          maxLength: 10,
        }),
        (weights) => {
          const mixed = weights.some((w) => w === undefined) && weights.some((w) => w !== undefined);
          const weight = (w: number | undefined) => (w === undefined ? {} : { weight: w });
          expect(model(weights.map((w, i) => ({ name: `t${i}`, ...weight(w) })))).toBe(!mixed);
          expect(rewrite(weights.map((w, i) => ({ modelRewrite: `t${i}`, ...weight(w) })))).toBe(!mixed);
        },
      ),
    );
  });

  it('refuses an unknown criticality', () => {
    expect(
      inferenceModelSchema.safeParse({
        ...pool({}),
        spec: { modelName: 'm', criticality: 'High', poolRef: { name: 'p' } },
      }).success,
    ).toBe(false);
  });
});

describe('deploy/crds', () => {
  const files = readdirSync(`${deploy}crds`).filter((file) => file.endsWith('.yaml'));

  it('holds exactly the definitions of the table: else run `npm run build && npm run generate`', () => {
    const written = Object.fromEntries(
      files.map((f) => [f, parse(readFileSync(`${deploy}crds/${f}`, 'utf8'))]),
    );
    const wanted = Object.fromEntries(
      CUSTOM_RESOURCES.map((entry) => {
        const definition = customResourceDefinition(entry);
        return [`${definition.metadata.name}.yaml`, JSON.parse(JSON.stringify(definition))];
      }),
    );
    expect(written).toEqual(wanted);
  });

  it.each(files)('%s is structural', (file) => {
    const definition = parse(readFileSync(`${deploy}crds/${file}`, 'utf8'));
    const entry = CUSTOM_RESOURCES.find(
      ({ resource }) => file === `${resource.plural}.${resource.group}.yaml`,
    );
    expect(definition.metadata.annotations['penstock.dev/install']).toBe(
      entry?.upstream === undefined ? undefined : 'if-absent',
    );
    const visit = (schema: Record<string, unknown>, path: string): void => {
      expect([path, typeof schema['type']]).toEqual([path, 'string']);
      for (const keyword of ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'const', 'propertyNames', '$schema']) {
        expect([path, Object.keys(schema)]).not.toEqual([path, expect.arrayContaining([keyword])]);
      }
      if (schema['additionalProperties'] !== undefined) expect(schema['properties']).toBeUndefined();
      for (const [name, child] of Object.entries((schema['properties'] ?? {}) as Record<string, never>)) {
        visit(child, `${path}.${name}`);
      }
      for (const keyword of ['items', 'additionalProperties']) {
        if (schema[keyword] !== undefined) visit(schema[keyword] as never, `${path}.${keyword}`);
      }
    };
    visit(definition.spec.versions[0].schema.openAPIV3Schema, '');
  });
});

describe('deploy/examples/laptop.yaml', () => {
  it('holds a namespace, a pool with its model, and the gang that its engines are born as', () => {
    const documents = parseAllDocuments(readFileSync(`${deploy}examples/laptop.yaml`, 'utf8')).map(
      (document) => document.toJS(),
    );
    const of = (kind: string) => documents.find((document) => document.kind === kind);
    expect(namespaceSchema.parse(of('Namespace')).metadata.name).toBe('penstock');
    const parsedPool = inferencePoolSchema.parse(of('InferencePool'));
    expect(parsedPool.apiVersion).toBe(apiVersionOf({ group: 'inference.networking.k8s.io', version: 'v1' }));
    expect(inferenceModelSchema.parse(of('InferenceModel')).spec.poolRef.name).toBe(parsedPool.metadata.name);
    const set = podCliqueSetSchema.parse(of('PodCliqueSet'));
    const [clique] = set.spec.template.cliques;
    expect(clique?.labels).toMatchObject(parsedPool.spec.selector.matchLabels);
    const engine = podSchema.parse({ ...set, spec: clique?.spec.podSpec });
    const ports = engine.spec?.containers[0]?.ports ?? [];
    expect(ports.map((port) => [port.name, port.containerPort])).toEqual([
      ['http', parsedPool.spec.targetPorts[0]?.number],
      ['kv-events', 5557],
      ['kv-replay', 5558],
    ]);
    const flag = engine.spec?.containers[0]?.args?.find((arg) => arg.startsWith('--kv-events-config='));
    expect(JSON.parse(flag?.slice('--kv-events-config='.length) ?? '')).toMatchObject({
      enable_kv_cache_events: true,
      publisher: 'zmq',
    });
  });
});
