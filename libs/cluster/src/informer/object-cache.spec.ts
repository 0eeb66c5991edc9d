import { describe, expect, it } from '@jest/globals';
import type { ClusterObject } from '@penstock/core/ports';
import fc from 'fast-check';
import { ObjectCache } from './object-cache.js';

const object = (name: string, uid: number, version: number): ClusterObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, uid: String(uid), resourceVersion: String(version) },
});
const anObject = fc
  .tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 4 }))
  .map(([name, uid, version]) => object(name, uid, version));
const aStep = fc.oneof(
  anObject.map((value) => ({ upsert: value })),
  anObject.map((value) => ({ delete: value })),
  fc.uniqueArray(anObject, { selector: (o) => o.metadata.name }).map((value) => ({ replace: value })),
);

describe('ObjectCache', () => {
  it('holds the last state of every object, and its handlers can build the same from their calls', () => {
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 30 }), (steps) => {
        const model = new Map<string, ClusterObject>();
        const told = new Map<string, ClusterObject>();
        const cache = new ObjectCache<ClusterObject>({
          onUpsert: (o) => {
            const known = told.get(o.metadata.name);
            // An object that replaces another one is told as a deletion first.
            expect(known === undefined || known.metadata.uid === o.metadata.uid).toBe(true);
            told.set(o.metadata.name, o);
          },
          onDelete: (o) => expect(told.delete(o.metadata.name)).toBe(true),
        });
        for (const step of steps) {
          if ('upsert' in step) {
            cache.upsert(step.upsert);
            model.set(step.upsert.metadata.name, step.upsert);
          } else if ('delete' in step) {
            cache.delete(step.delete);
            model.delete(step.delete.metadata.name);
          } else {
            cache.replaceAll(step.replace);
            model.clear();
            for (const o of step.replace) model.set(o.metadata.name, o);
          }
        }
        const byName = (objects: Iterable<ClusterObject>) =>
          [...objects].sort((x, y) => x.metadata.name.localeCompare(y.metadata.name));
        expect(byName(cache.list())).toEqual(byName(model.values()));
        expect(byName(told.values())).toEqual(byName(model.values()));
      }),
    );
  });

  it('tells an unchanged object once', () => {
    let upserts = 0;
    const cache = new ObjectCache<ClusterObject>({ onUpsert: () => upserts++ });
    cache.upsert(object('a', 1, 1));
    cache.replaceAll([object('a', 1, 1)]);
    expect(upserts).toBe(1);
  });
});
