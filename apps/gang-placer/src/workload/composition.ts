import type { PodCliqueScalingGroup, PodGang } from '@penstock/contracts';
import { names } from './names.js';
import { groupOfClique, type Problem, type SetModel } from './set-model.js';

/**
 * What of a set may not change once it exists, checked against what was made from it: needed where the installed
 * definition of the kind has no rules of its own.
 *
 * @param baseGang base gang of replica 0; @param groups scaling groups of replica 0
 */
export function compositionProblems(
  set: SetModel,
  baseGang: PodGang | undefined,
  groups: readonly PodCliqueScalingGroup[],
): Problem[] {
  if (!baseGang) return [];
  const path = 'spec.template';
  const isGrouped = (name: string) =>
    groups.some(
      ({ metadata }) =>
        name.startsWith(`${metadata.name}-`) && /^\d+-/.test(name.slice(metadata.name.length + 1)),
    );
  const standalone = set.cliques.filter(({ name }) => !groupOfClique(set, name));
  const now = standalone.map(({ name }) => names.clique(set.name, 0, name));
  const then = baseGang.spec.podgroups.map(({ name }) => name).filter((name) => !isGrouped(name));
  const problems = changed(now, then).map((name) => ({
    path: `${path}.cliques`,
    message: `${name} was added or removed: the cliques of a set are fixed, make a new PodCliqueSet`,
  }));
  const groupNames = set.groups.map(({ name }) => names.group(set.name, 0, name));
  const added = changed(
    groupNames,
    groups.map(({ metadata }) => metadata.name),
  ).map((name) => ({
    path: `${path}.podCliqueScalingGroups`,
    message: `${name} was added or removed: the scaling groups of a set are fixed, make a new PodCliqueSet`,
  }));
  const altered = set.groups.flatMap(({ name, cliqueNames, minAvailable }, index) => {
    const before = groups.find(({ metadata }) => metadata.name === names.group(set.name, 0, name));
    if (!before) return [];
    const same =
      before.spec.cliqueNames.join() === cliqueNames.join() &&
      (before.spec.minAvailable ?? 1) === minAvailable;
    const message = `cliqueNames and minAvailable are fixed: they were ${before.spec.cliqueNames.join(', ')} and ${before.spec.minAvailable ?? 1}`;
    return same ? [] : [{ path: `${path}.podCliqueScalingGroups[${index}]`, message }];
  });
  return [...problems, ...added, ...altered];
}

function changed(now: readonly string[], then: readonly string[]): string[] {
  return [...now.filter((name) => !then.includes(name)), ...then.filter((name) => !now.includes(name))];
}
