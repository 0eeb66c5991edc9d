import { describe, expect, it } from '@jest/globals';
import { GROVE_LABELS, type Pod, podCliqueSchema, podGangSchema } from '@penstock/contracts';
import fc from 'fast-check';
import { desiredClique } from '../../src/workload/desired-clique.js';
import { desiredGangs } from '../../src/workload/desired-gangs.js';
import { type ExistingScale, instancesOf } from '../../src/workload/instances.js';
import { makePod } from '../../src/workload/make-pod.js';
import { readSet } from '../../src/workload/read-set.js';
import type { SetModel } from '../../src/workload/set-model.js';
import { stableHash } from '../../src/workload/stable-hash.js';
import { clique, podCliqueSet } from './workload-lab.js';

const gateOf = ({ spec }: Pod) => (spec?.['initContainers'] as object[] | undefined)?.[0];
const NOTHING: ExistingScale = { groupReplicas: () => undefined, clique: () => undefined };
const order = fc.constantFrom(
  'CliqueStartupTypeAnyOrder',
  'CliqueStartupTypeInOrder',
  'CliqueStartupTypeExplicit',
);

/** Sets of up to 5 cliques, some of them in up to 2 groups, with an acyclic order. */
const sets = fc
  .record({
    replicas: fc.nat(3),
    order,
    cliques: fc.array(
      fc.record({
        replicas: fc.nat(3),
        minimum: fc.integer({ min: 1, max: 3 }),
        group: fc.nat(2),
        after: fc.nat(31),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    groups: fc.tuple(fc.nat(4), fc.nat(4), fc.integer({ min: 1, max: 3 })),
  })
  .map(({ replicas, order: cliqueStartupType, cliques, groups: [first, second, minimum] }): SetModel => {
    const name = (i: number) => `c${i}`;
    const members = (group: number) => cliques.flatMap((c, i) => (c.group === group ? [name(i)] : []));
    const podCliqueScalingGroups = [first, second].flatMap((groupReplicas, g) => {
      const cliqueNames = members(g + 1);
      const minAvailable = groupReplicas === 0 ? minimum : Math.min(minimum, groupReplicas);
      return cliqueNames.length > 0
        ? [{ name: `g${g}`, cliqueNames, replicas: groupReplicas, minAvailable }]
        : [];
    });
    const template = {
      cliqueStartupType,
      podCliqueScalingGroups,
      cliques: cliques.map((c, i) =>
        clique(name(i), {
          replicas: c.replicas,
          minAvailable: c.replicas === 0 ? c.minimum : Math.min(c.minimum, c.replicas),
          startsAfter: cliques.flatMap((_, j) => (j < i && (c.after >> j) & 1 ? [name(j)] : [])),
        }),
      ),
    };
    const object = podCliqueSet(template, { replicas });
    object.metadata.uid = 'uid';
    const read = readSet(object);
    if ('problems' in read) throw new Error(JSON.stringify(read.problems));
    return read.set;
  });

const allUnique = (names: readonly string[]) => new Set(names).size === names.length;

describe('the expansion of a set', () => {
  it('gives every clique one name and one gang, and every gang its base', () => {
    fc.assert(
      fc.property(sets, (set) => {
        const { groups, cliques } = instancesOf(set, NOTHING);
        const gangs = desiredGangs(set, cliques, 'scheduler', () => undefined);
        expect(allUnique([...groups, ...cliques].map(({ name }) => name))).toBe(true);
        expect(gangs.flatMap(({ spec }) => spec.podgroups.map(({ name }) => name)).sort()).toEqual(
          cliques.map(({ name }) => name).sort(),
        );
        const names = new Set(gangs.map(({ metadata }) => metadata.name));
        expect(names.size).toBe(gangs.length);
        for (const gang of gangs) {
          expect(podGangSchema.safeParse(gang).success).toBe(true);
          const base = gang.metadata.labels?.[GROVE_LABELS.basePodGang];
          const hasStandalone = set.cliques.some(
            ({ name }) => !set.groups.some((g) => g.cliqueNames.includes(name)),
          );
          // A base gang without any clique is not made: all its groups are asleep.
          if (base !== undefined && hasStandalone) expect(names).toContain(base);
        }
      }),
    );
  });

  it('holds in each base gang the minimum of every group, and one gang for each replica beyond', () => {
    fc.assert(
      fc.property(sets, (set) => {
        const { groups, cliques } = instancesOf(set, NOTHING);
        for (const { name, replicas, model } of groups) {
          const own = cliques.filter(({ group }) => group?.instance.name === name);
          const inBase = own.filter(({ gang, baseGang }) => gang === baseGang);
          expect(own).toHaveLength(replicas * model.cliqueNames.length);
          expect(inBase).toHaveLength(Math.min(replicas, model.minAvailable) * model.cliqueNames.length);
          const beyond = own.filter(({ gang, baseGang }) => gang !== baseGang).map(({ gang }) => gang);
          expect(new Set(beyond).size).toBe(Math.max(0, replicas - model.minAvailable));
        }
      }),
    );
  });

  it('lets cliques wait only for cliques that exist, never in a circle, in a scaled gang only for its own', () => {
    fc.assert(
      fc.property(sets, (set) => {
        const { cliques } = instancesOf(set, NOTHING);
        const byName = new Map(cliques.map((instance) => [instance.name, instance]));
        const depth = (name: string, seen: readonly string[]): void => {
          expect(seen).not.toContain(name);
          for (const before of byName.get(name)?.startsAfter ?? []) depth(before, [...seen, name]);
        };
        for (const { name, gang, startsAfter } of cliques) {
          depth(name, []);
          for (const before of startsAfter) expect(byName.get(before)?.gang).toBe(gang);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is the same each time, and keeps the replicas that somebody set', () => {
    fc.assert(
      fc.property(sets, fc.nat(6), (set, replicas) => {
        const once = instancesOf(set, NOTHING);
        expect(instancesOf(set, NOTHING)).toEqual(once);
        const scaled = instancesOf(set, {
          groupReplicas: () => replicas,
          clique: () => ({ replicas, minAvailable: 1 }),
        });
        expect(scaled.groups.map((group) => group.replicas)).toEqual(once.groups.map(() => replicas));
        expect(new Set(scaled.cliques.map((instance) => instance.replicas))).toEqual(
          new Set(scaled.cliques.length > 0 ? [replicas] : []),
        );
        for (const instance of scaled.cliques) {
          const object = desiredClique(set, instance, 'owner');
          expect(object).toEqual(desiredClique(set, instance, 'owner'));
          expect(podCliqueSchema.safeParse(object).success).toBe(true);
          const options = { schedulerName: 's', startupGateImage: 'gate' };
          const pod = makePod(object, 0, options);
          expect(pod).toEqual(makePod(object, 0, options));
          expect(pod.metadata.name.length).toBeLessThan(64);
          expect(Boolean(pod.spec?.['initContainers'])).toBe(instance.startsAfter.length > 0);
          const other = makePod(object, 0, { ...options, startupGateCommand: '/app/bin/startup-gate' });
          expect(gateOf(other)).toEqual(
            gateOf(pod) && { ...gateOf(pod), command: ['/app/bin/startup-gate'] },
          );
        }
      }),
    );
  });
});

describe('stableHash', () => {
  it('depends on values, not on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(stableHash(reversed)).toBe(stableHash(object));
        expect(stableHash({ ...object, more: undefined })).toBe(stableHash({ ...object }));
        expect(stableHash({ x: object, y: 1 })).not.toBe(stableHash({ x: object, y: 2 }));
      }),
    );
  });
});
