import type { podCliqueSetSchema } from '@penstock/contracts';
import type { z } from 'zod';
import { MAX_NAMES_LENGTH } from './names.js';
import { parseDuration } from './parse-duration.js';
import { groupOfClique, type Problem, type SetModel } from './set-model.js';

type Template = z.output<typeof podCliqueSetSchema>['spec']['template'];

/** What no schema can say about a PodCliqueSet; the rules are Grove's. */
export function setProblems(set: SetModel, template: Template): Problem[] {
  return [
    ...longNames(set),
    ...ambiguousNames(set),
    ...repeatedRoles(template),
    ...severalSchedulers(template),
    ...wrongGroups(set),
    ...wrongOrder(set),
    ...wrongTopologies(set),
    ...scaledTwice(set, template),
    ...wrongDelay(template),
  ];
}

const clique = (index: number): string => `spec.template.cliques[${index}]`;
const group = (index: number): string => `spec.template.podCliqueScalingGroups[${index}]`;

function longNames(set: SetModel): Problem[] {
  return set.cliques.flatMap(({ name }, i) => {
    const length = set.name.length + name.length + (groupOfClique(set, name)?.name.length ?? 0);
    if (length <= MAX_NAMES_LENGTH) return [];
    const message = `the names of the set, the scaling group and the clique have ${length} characters together: at most ${MAX_NAMES_LENGTH} fit into the host names of the pods, shorten one of them`;
    return [{ path: `${clique(i)}.name`, message }];
  });
}

/** A standalone clique `g-0-a` would be made under the name of clique `a` in replica 0 of group `g`. */
function ambiguousNames(set: SetModel): Problem[] {
  return set.cliques.flatMap(({ name }, i) => {
    if (groupOfClique(set, name)) return [];
    const clash = set.groups.find(({ name: g, cliqueNames }) =>
      cliqueNames.some(
        (c) => name.startsWith(`${g}-`) && new RegExp(`^\\d+-${c}$`).test(name.slice(g.length + 1)),
      ),
    );
    if (!clash) return [];
    const message = `${JSON.stringify(name)} is also the name of a clique in scaling group ${JSON.stringify(clash.name)}: rename the clique`;
    return [{ path: `${clique(i)}.name`, message }];
  });
}

function repeatedRoles({ cliques }: Template): Problem[] {
  return cliques.flatMap(({ spec: { roleName } }, i) => {
    const first = cliques.findIndex((other) => other.spec.roleName === roleName);
    if (!roleName || first === i) return [];
    return [
      {
        path: `${clique(i)}.spec.roleName`,
        message: `is the roleName of ${clique(first)} too: make it unique`,
      },
    ];
  });
}

function severalSchedulers({ cliques }: Template): Problem[] {
  const first = cliques[0]?.spec.podSpec.schedulerName ?? '';
  return cliques.flatMap(({ spec: { podSpec } }, i) => {
    const name = podSpec.schedulerName ?? '';
    if (name === first) return [];
    const message = `${JSON.stringify(name)} differs from ${JSON.stringify(first)} of ${clique(0)}: one scheduler must place the whole gang`;
    return [{ path: `${clique(i)}.spec.podSpec.schedulerName`, message }];
  });
}

function wrongGroups(set: SetModel): Problem[] {
  const known = new Set(set.cliques.map(({ name }) => name));
  const taken = new Map<string, string>();
  return set.groups.flatMap(({ name, cliqueNames }, g) =>
    cliqueNames.flatMap((cliqueName, i) => {
      const path = `${group(g)}.cliqueNames[${i}]`;
      const owner = taken.get(cliqueName);
      taken.set(cliqueName, name);
      if (!known.has(cliqueName)) return [{ path, message: unknownClique(cliqueName, known) }];
      if (owner === undefined) return [];
      const message = `clique ${JSON.stringify(cliqueName)} is already in scaling group ${JSON.stringify(owner)}: a clique belongs to one group, once`;
      return [{ path, message }];
    }),
  );
}

function wrongOrder(set: SetModel): Problem[] {
  const known = new Set(set.cliques.map(({ name }) => name));
  const problems = set.cliques.flatMap(({ name, startsAfter }, i) =>
    startsAfter.flatMap((before, j) => {
      const path = `${clique(i)}.spec.startsAfter[${j}]`;
      if (!known.has(before)) return [{ path, message: unknownClique(before, known) }];
      if (before === name) return [{ path, message: 'a clique cannot start after itself: remove the entry' }];
      if (startsAfter.indexOf(before) < j) return [{ path, message: 'is listed twice: remove one of them' }];
      return [];
    }),
  );
  const cycle = problems.length > 0 ? undefined : findCycle(set);
  if (!cycle) return problems;
  const message = `the cliques wait for each other (${cycle.join(' after ')}): remove one of these startsAfter entries`;
  return [{ path: 'spec.template.cliques', message }];
}

function findCycle({ cliques }: SetModel): string[] | undefined {
  const before = new Map(cliques.map(({ name, startsAfter }) => [name, startsAfter]));
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of before.get(name) ?? []) {
      const cycle = visit(next, [...trail, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of cliques) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

function wrongTopologies(set: SetModel): Problem[] {
  const all = [set, ...set.groups, ...set.cliques].flatMap(({ closeness }) => closeness ?? []);
  const first = all.find(({ topology }) => topology)?.topology;
  return all.flatMap(({ topology, path }) => {
    if (!topology) {
      return [
        { path: `${path}.topologyName`, message: 'is missing: name a ClusterTopologyBinding here or above' },
      ];
    }
    if (topology === first) return [];
    const message = `${JSON.stringify(topology)} differs from ${JSON.stringify(first)}: a set uses one ClusterTopologyBinding`;
    return [{ path: `${path}.topologyName`, message }];
  });
}

function scaledTwice(set: SetModel, { cliques }: Template): Problem[] {
  return cliques.flatMap(({ name, spec }, i) => {
    const owner = spec.autoScalingConfig && groupOfClique(set, name);
    if (!owner) return [];
    const message = `the clique scales with its group: set scaleConfig of scaling group ${JSON.stringify(owner.name)} instead`;
    return [{ path: `${clique(i)}.spec.autoScalingConfig`, message }];
  });
}

function wrongDelay({ terminationDelay }: Template): Problem[] {
  if (terminationDelay === undefined || (parseDuration(terminationDelay) ?? 0) > 0) return [];
  const message = `${JSON.stringify(terminationDelay)} is no duration above 0: write it as 4h, 30m or 1h30m`;
  return [{ path: 'spec.template.terminationDelay', message }];
}

function unknownClique(name: string, known: ReadonlySet<string>): string {
  return `there is no clique ${JSON.stringify(name)}: name one of ${[...known].join(', ')}`;
}
