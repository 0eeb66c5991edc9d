import { beforeAll, expect, it } from '@jest/globals';
import { type ContractCluster, eventually, type RawAnswer } from './contract-cluster.js';

const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const GROUP = 'ownership.penstock.dev';
const TEXT = { type: 'string' };
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `things.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  mode: { ...TEXT, default: 'fast' },
                  tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: TEXT },
                  plain: { type: 'array', items: TEXT },
                  labels: { type: 'object', additionalProperties: TEXT },
                  whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: TEXT },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  pairs: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['key', 'zone'],
                    items: {
                      type: 'object',
                      required: ['key'],
                      properties: { key: TEXT, zone: { ...TEXT, default: 'any' }, value: TEXT },
                    },
                  },
                },
              },
              status: { type: 'object', properties: { phase: TEXT } },
            },
          },
        },
      },
    ],
  },
};

/** Who owns which field of a custom resource, by the lists and objects of its schema. */
export function describeCustomOwnership(get: () => ContractCluster): void {
  const path = (name?: string) => get().path(`${GROUP}/v1`, 'things', name);
  const thing = (name: string, spec: object) => ({
    apiVersion: `${GROUP}/v1`,
    kind: 'Thing',
    metadata: { name },
    spec,
  });
  const apply = (name: string, manager: string, spec: object, query = ''): Promise<RawAnswer> =>
    get().request('PATCH', `${path(name)}?fieldManager=${manager}${query}`, thing(name, spec), APPLY);
  const owned = ({ body }: RawAnswer, manager: string): unknown =>
    (body.metadata['managedFields'] as { manager: string; fieldsV1: unknown }[]).find(
      (e) => e.manager === manager,
    )?.fieldsV1;

  beforeAll(async () => {
    await get().request('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', DEFINITION);
    await eventually(async () => expect((await get().request('GET', path())).status).toBe(200), 30_000);
  });

  it('writes down lists and objects as their schema says', async () => {
    const spec = {
      tags: ['b', 'a'],
      plain: ['x'],
      labels: { k: 'v' },
      whole: { u: '1' },
      free: { any: { thing: 1 } },
      pairs: [{ key: 'one', value: '1' }],
    };
    const applied = await apply('written', 'alpha', spec);
    const inside = {
      'f:tags': { 'v:"a"': {}, 'v:"b"': {} },
      'f:plain': {},
      'f:labels': { 'f:k': {} },
      'f:whole': {},
      'f:free': { 'f:any': { '.': {}, 'f:thing': {} } },
      'f:pairs': { 'k:{"key":"one","zone":"any"}': { '.': {}, 'f:key': {}, 'f:value': {} } },
    };
    expect(owned(applied, 'alpha')).toEqual({ 'f:spec': inside });
    const posted = await get().request('POST', `${path()}?fieldManager=beta`, thing('posted', spec));
    expect(owned(posted, 'beta')).toEqual({
      'f:spec': {
        '.': {},
        'f:mode': {},
        'f:tags': { '.': {}, 'v:"a"': {}, 'v:"b"': {} },
        'f:plain': {},
        'f:labels': { '.': {}, 'f:k': {} },
        'f:whole': {},
        'f:free': { '.': {}, 'f:any': { '.': {}, 'f:thing': {} } },
        'f:pairs': {
          '.': {},
          'k:{"key":"one","zone":"any"}': { '.': {}, 'f:key': {}, 'f:value': {}, 'f:zone': {} },
        },
      },
    });
  });

  it('joins sets and keyed lists, and replaces what is one value', async () => {
    await apply('joined', 'alpha', {
      tags: ['a', 'b'],
      plain: ['x'],
      pairs: [{ key: 'one' }],
      whole: { u: '1' },
    });
    const both = await apply('joined', 'beta', { tags: ['c', 'b'], pairs: [{ key: 'one', zone: 'z' }] });
    expect(both.body['spec']).toMatchObject({
      tags: ['a', 'c', 'b'],
      pairs: [
        { key: 'one', zone: 'any' },
        { key: 'one', zone: 'z' },
      ],
    });
    const conflict = await apply('joined', 'beta', { whole: { v: '2' }, plain: ['y'] });
    expect(conflict.body.details?.causes?.map((cause) => cause.field)).toEqual([
      '.spec.plain',
      '.spec.whole',
    ]);
    const forced = await apply('joined', 'beta', { whole: { v: '2' } }, '&force=true');
    expect(forced.body['spec']).toMatchObject({
      whole: { v: '2' },
      tags: ['a', 'b'],
      pairs: [{ zone: 'any' }],
    });
    expect(owned(forced, 'alpha')).not.toHaveProperty('f:spec.f:whole');
  });
}
