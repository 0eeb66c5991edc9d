import type { PodCliqueScalingGroup, PodGang } from '@penstock/contracts';
import { names } from './names.js';
import { groupOfClique, type Problem, type SetModel } from './set-model.js';

/**
 * What of a set may not change once it exists, checked against what was made from it: needed where the installed
 * definition of the kind has no rules of its own.
 *
 * @param baseGang base gang of replica 0, which is made after all groups and names all standalone cliques
 * @param groups scaling groups of replica 0
 */
export function compositionProblems(
  set: SetModel,
  baseGang: PodGang | undefined,
  groups: readonly PodCliqueScalingGroup[],
): Problem[] {
  const altered = alteredGroups(set, groups);
  if (!baseGang) return altered;
  const isGrouped = (name: string) =>
    groups.some(
      ({ metadata }) =>
        name.startsWith(`${metadata.name}-`) && /^\d+-/.test(name.slice(metadata.name.length + 1)),
    );
  const standalone = set.cliques.filter(({ name }) => !groupOfClique(set, name));
  const cliquesNow = standalone.map(({ name }) => names.clique(set.name, 0, name));
  const cliquesThen = baseGang.spec.podgroups.map(({ name }) => name).filter((name) => !isGrouped(name));
  const groupsNow = set.groups.map(({ name }) => names.group(set.name, 0, name));
  const groupsThen = groups.map(({ metadata }) => metadata.name);
  return [
    ...difference(cliquesNow, cliquesThen, 'cliques'),
    ...difference(groupsNow, groupsThen, 'podCliqueScalingGroups'),
    ...altered,
  ];
}

function alteredGroups(set: SetModel, groups: readonly PodCliqueScalingGroup[]): Problem[] {
  return set.groups.flatMap(({ name, cliqueNames, minAvailable }, index) => {
    const before = groups.find(({ metadata }) => metadata.name === names.group(set.name, 0, name))?.spec;
    if (!before) return [];
    const minimum = before.minAvailable ?? 1;
    if (before.cliqueNames.join() === cliqueNames.join() && minimum === minAvailable) return [];
    const message = `cliqueNames and minAvailable are fixed: they were ${before.cliqueNames.join(', ')} and ${minimum}`;
    return [{ path: `spec.template.podCliqueScalingGroups[${index}]`, message }];
  });
}

function difference(now: readonly string[], then: readonly string[], field: string): Problem[] {
  const changed = [
    ...now.filter((name) => !then.includes(name)),
    ...then.filter((name) => !now.includes(name)),
  ];
  return changed.map((name) => ({
    path: `spec.template.${field}`,
    message: `${name} was added or removed: the ${field} of a set are fixed, make a new PodCliqueSet`,
  }));
}
