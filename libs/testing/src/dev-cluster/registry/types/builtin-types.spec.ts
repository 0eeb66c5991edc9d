import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../object/api-object.js';
import { BUILTIN_RESOURCES } from '../builtin-resources.js';
import { decode } from './decode.js';
import { decodeEnvelope } from './decode-envelope.js';
import { builtinType } from './type-library.js';
import { validateValue } from './validate.js';

describe('the types of built-in kinds', () => {
  it.each(BUILTIN_RESOURCES.map((r) => [`${r.plural}.${r.group}`, r] as const))(
    'describes %s',
    (_name, resource) => {
      const [version] = resource.versions;
      const schemas = version?.schema?.describe('kind', {}) ?? {};
      expect(Object.keys(schemas).length).toBeGreaterThan(1);
      // Every reference leads somewhere.
      const references = JSON.stringify(schemas).matchAll(/#\/components\/schemas\/([\w.]+)/g);
      for (const [, name] of references) expect(Object.keys(schemas)).toContain(name);
      expect(resource.listShapes(['metadata', 'finalizers'])).toEqual({ type: 'set' });
    },
  );

  it('leaves out what means nothing and what it does not know, and says what that was', () => {
    const unknown: string[] = [];
    const pod = {
      spec: {
        hostNetwork: false,
        containers: [{ name: 'a', image: 'i', env: [{ name: 'A', value: '' }], imag: 'x' }],
        volumes: null,
        terminationGracePeriodSeconds: 0,
      },
      extra: 1,
    };
    const decoded = decode(builtinType('core.Pod'), pod, unknown);
    expect(decoded['spec']).toEqual({
      containers: [{ name: 'a', image: 'i', env: [{ name: 'A' }], resources: {} }],
      terminationGracePeriodSeconds: 0,
    });
    expect(unknown).toEqual(['extra', 'spec.containers[0].imag']);
  });

  it('fills in defaults where their parent is', () => {
    const spec = { containers: [{ name: 'a', readinessProbe: { httpGet: { port: 80 } } }] };
    const decoded = decode(builtinType('core.Pod'), { spec }, [], true);
    expect(decoded['spec']).toMatchObject({
      restartPolicy: 'Always',
      containers: [
        { readinessProbe: { periodSeconds: 10, httpGet: { path: '/', scheme: 'HTTP', port: 80 } } },
      ],
    });
  });

  it.each([
    [
      { spec: { containers: 'x' } },
      'string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      { spec: { containers: [{ name: 1 }] } },
      'number into Go struct field Container.spec.containers.name of type string',
    ],
    [{ spec: { terminationGracePeriodSeconds: 1.5 } }, 'number 1.5 into'],
    [{ spec: { nodeSelector: { a: 1 } } }, 'of type string'],
    [{ status: { startTime: 'noon' } }, 'parsing time "noon"'],
    [{ spec: { overhead: { cpu: 'much' } } }, 'quantities must match'],
  ] as [JsonObject, string][])('refuses %j', (pod, why) => {
    expect(() => decode(builtinType('core.Pod'), pod)).toThrow(why);
  });

  it('names what a value breaks of the rules of its type', () => {
    const type = builtinType('core.Pod');
    const spec = {
      containers: [{ name: '../x', ports: [{ containerPort: 70_000 }] }],
      restartPolicy: 'Sometimes',
    };
    const causes = validateValue(type, decode(type, { spec }, [], true));
    expect(causes.map(({ field, reason }) => [field, reason])).toEqual([
      ['spec.containers[0].name', 'FieldValueInvalid'],
      ['spec.containers[0].image', 'FieldValueRequired'],
      ['spec.containers[0].ports[0].containerPort', 'FieldValueInvalid'],
      ['spec.restartPolicy', 'FieldValueNotSupported'],
    ]);
  });

  it('reads the protobuf form', () => {
    // ConfigMap "a" with data x=1, as kubectl create configmap sends it, put together by hand.
    const field = (number: number, bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
    const metadata = field(1, text(1, 'a'));
    const data = field(2, Buffer.concat([text(1, 'x'), text(2, '1')]));
    const identity = field(1, Buffer.concat([text(1, 'v1'), text(2, 'ConfigMap')]));
    const body = Buffer.concat([Buffer.from('k8s\0'), identity, field(2, Buffer.concat([metadata, data]))]);
    expect(decodeEnvelope(body)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { x: '1' },
    });
    expect(() => decodeEnvelope(Buffer.from('{}'))).toThrow('does not begin with');
    expect(() => decodeEnvelope(body.subarray(0, 30))).toThrow();
  });
});
