import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiObject, Json, JsonObject } from '../object/api-object.js';
import { sameJson } from '../object/json.js';
import { PODS } from '../registry/pods.js';
import { fromFieldsV1, leafFields, toFieldsV1 } from './field-set.js';
import { writeOwnership } from './managed-fields.js';
import { serverSideApply } from './server-side-apply.js';

const pod = (spec: JsonObject): ApiObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', uid: '', resourceVersion: '', creationTimestamp: '' },
  spec,
});

/** Small specs with every kind of list: keyed, atomic, nested keyed. */
const specs: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      nodeSelector: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'), { maxKeys: 2 }),
      priority: fc.nat(2),
      tolerations: fc.array(fc.record({ key: fc.constantFrom('x', 'y') }), { maxLength: 2 }),
      containers: fc.uniqueArray(
        fc.record(
          {
            name: fc.constantFrom('one', 'two', 'three'),
            image: fc.constantFrom('i1', 'i2'),
            env: fc.uniqueArray(
              fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '2') }),
              {
                selector: (e) => e.name,
                maxLength: 2,
              },
            ),
          },
          { requiredKeys: ['name'] },
        ),
        { selector: (c) => c.name, maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  )
  .map((spec) => spec as unknown as JsonObject);

const apply = (live: ApiObject | undefined, manager: string, spec: JsonObject, force = true): ApiObject => {
  const writer = { manager, operation: 'Apply' } as const;
  const { object, owners } = serverSideApply(live, pod(spec), writer, PODS.listShapes, force);
  return { ...object, metadata: { ...object.metadata, managedFields: writeOwnership(owners) } };
};

const fieldsOf = (spec: JsonObject): Map<string, Json> => leafFields(pod(spec), PODS.listShapes);

/** What is left of an object whose fields went; as a value it says nothing. */
const isEmpty = (value: Json): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

describe('server-side apply', () => {
  it('leaves one manager with exactly what it sent last', () => {
    fc.assert(
      fc.property(specs, specs, (first, second) => {
        const live = apply(apply(undefined, 'a', first), 'a', second);
        const left = leafFields(live, PODS.listShapes);
        for (const [path, value] of fieldsOf(second)) expect([path, left.get(path)]).toEqual([path, value]);
        for (const [path, value] of left)
          if (!isEmpty(value)) expect([...fieldsOf(second).keys()]).toContain(path);
      }),
    );
  });

  it('changes nothing when the same is applied again', () => {
    fc.assert(
      fc.property(specs, specs, (other, spec) => {
        const once = apply(apply(undefined, 'b', other), 'a', spec);
        expect(apply(once, 'a', spec)).toEqual(once);
      }),
    );
  });

  it('never takes away what another manager wants', () => {
    fc.assert(
      fc.property(specs, specs, specs, (mine, theirs, mineLater) => {
        const live = apply(apply(undefined, 'a', mine), 'b', theirs);
        const later = leafFields(apply(live, 'a', mineLater), PODS.listShapes);
        const contested = fieldsOf(mineLater);
        for (const [path, value] of fieldsOf(theirs)) {
          if (!contested.has(path) && !isEmpty(value)) expect([path, later.get(path)]).toEqual([path, value]);
        }
      }),
    );
  });

  it('refuses exactly the fields that another manager owns with another value', () => {
    fc.assert(
      fc.property(specs, specs, (theirs, mine) => {
        const live = apply(undefined, 'b', theirs);
        const owned = fieldsOf(theirs);
        const differs = [...fieldsOf(mine)].filter(
          ([path, value]) => owned.has(path) && !sameJson(owned.get(path), value),
        );
        const attempt = (): ApiObject => apply(live, 'a', mine, false);
        if (differs.length === 0) attempt();
        else expect(attempt).toThrow(/Apply failed with \d+ conflict/);
      }),
    );
  });

  it('lays the items of keyed lists over those there are in the order they are applied in', () => {
    const live = apply(undefined, 'b', { containers: [{ name: 'one' }, { name: 'two' }] });
    const next = apply(live, 'a', { containers: [{ name: 'three' }, { name: 'two', image: 'i2' }] });
    expect(next.spec).toEqual({
      containers: [{ name: 'one' }, { name: 'three' }, { name: 'two', image: 'i2' }],
    });
  });

  it('writes ownership so that it can be read back', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const paths = new Set(fieldsOf(spec).keys());
        expect(fromFieldsV1(toFieldsV1(paths))).toEqual(paths);
      }),
    );
  });
});
