import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../object/api-object.js';
import { PODS } from '../registry/pods.js';
import { applyStrategicMergePatch } from './strategic-merge-patch.js';

const target = (): JsonObject => ({
  metadata: { finalizers: ['f1'], labels: { a: '1' } },
  spec: {
    containers: [
      { name: 'a', image: 'a:1', ports: [{ containerPort: 1 }] },
      { name: 'b', image: 'b:1' },
    ],
    tolerations: [{ key: 'x' }],
  },
});
const patched = (patch: JsonObject): JsonObject => applyStrategicMergePatch(target(), patch, PODS.mergeKeys);
const containers = (patch: JsonObject): unknown =>
  ((patched({ spec: patch })['spec'] as JsonObject)['containers'] as JsonObject[]).map(
    (c) => `${c['name']}=${c['image']}`,
  );

describe('strategic merge patch', () => {
  it.each([
    ['merges items by key', { containers: [{ name: 'b', image: 'b:2' }] }, ['a=a:1', 'b=b:2']],
    ['puts new items first', { containers: [{ name: 'c', image: 'c:1' }] }, ['c=c:1', 'a=a:1', 'b=b:1']],
    [
      'puts new items where they are wanted',
      {
        containers: [{ name: 'c', image: 'c:1' }],
        '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      },
      ['a=a:1', 'b=b:1', 'c=c:1'],
    ],
    ['deletes items', { containers: [{ name: 'a', $patch: 'delete' }] }, ['b=b:1']],
    ['replaces lists', { containers: [{ $patch: 'replace' }, { name: 'z', image: 'z:1' }] }, ['z=z:1']],
    ['orders items', { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, ['b=b:1', 'a=a:1']],
  ] as [string, JsonObject, string[]][])('%s', (_what, patch, expected) => {
    expect(containers(patch)).toEqual(expected);
  });

  it('replaces atomic lists, unions sets, deletes nulls and primitives', () => {
    expect(patched({ spec: { tolerations: [{ key: 'y' }] } })['spec']).toMatchObject({
      tolerations: [{ key: 'y' }],
    });
    expect(patched({ metadata: { finalizers: ['f2'] } })['metadata']).toMatchObject({
      finalizers: ['f2', 'f1'],
    });
    expect(patched({ metadata: { labels: { a: null } } })['metadata']).toMatchObject({ labels: {} });
    const gone = patched({ metadata: { '$deleteFromPrimitiveList/finalizers': ['f1'] } });
    expect(gone['metadata']).toMatchObject({ finalizers: [] });
  });

  it('retains only the keys named', () => {
    expect(patched({ spec: { $retainKeys: ['tolerations'], tolerations: [] } })['spec']).toEqual({
      tolerations: [],
    });
  });

  it('refuses items without their key, and leaves the target as it was', () => {
    expect(() => patched({ spec: { containers: [{ image: 'x' }] } })).toThrow(
      'does not contain declared merge key: name',
    );
    const original = target();
    applyStrategicMergePatch(
      original,
      { spec: { containers: [{ name: 'a', image: 'new' }] } },
      PODS.mergeKeys,
    );
    expect(original).toEqual(target());
  });
});
