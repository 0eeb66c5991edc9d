import { type PodCliqueSet, podCliqueSetSchema } from '@penstock/contracts';
import type { z } from 'zod';
import { ignoredFields } from './ignored-fields.js';
import { parseDuration } from './parse-duration.js';
import type { CliqueModel, Closeness, GroupModel, Problem, SetModel } from './set-model.js';
import { setProblems } from './set-problems.js';

type Template = z.output<typeof podCliqueSetSchema>['spec']['template'];
/** Grove's. */
const DEFAULT_TERMINATION_DELAY = '4h';

type Constraint = Template['topologyConstraint'];

/**
 * A PodCliqueSet with its defaults, or everything that is wrong with it. Covers what the API server checks by schema
 * too, as an installed definition may be Grove's own, whose rules are in a webhook.
 */
export function readSet(object: PodCliqueSet): { set: SetModel } | { problems: readonly Problem[] } {
  const parsed = podCliqueSetSchema.safeParse(object);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: pathText(path), message }));
    return { problems };
  }
  const set = modelOf(parsed.data);
  const problems = setProblems(set, parsed.data.spec.template);
  return problems.length > 0 ? { problems } : { set };
}

function modelOf({ metadata, spec }: z.output<typeof podCliqueSetSchema>): SetModel {
  const { template } = spec;
  const base = 'spec.template';
  const closeness = closenessOf(template.topologyConstraint, `${base}.topologyConstraint`, undefined);
  const groups = (template.podCliqueScalingGroups ?? []).map((group, index): GroupModel => {
    const path = `${base}.podCliqueScalingGroups[${index}].topologyConstraint`;
    return {
      name: group.name,
      cliqueNames: group.cliqueNames,
      annotations: group.annotations ?? {},
      replicas: group.replicas,
      minAvailable: group.minAvailable,
      closeness: closenessOf(group.topologyConstraint, path, closeness),
    };
  });
  const cliques = template.cliques.map((clique, index): CliqueModel => {
    const parent = groups.find((group) => group.cliqueNames.includes(clique.name))?.closeness ?? closeness;
    const path = `${base}.cliques[${index}].topologyConstraint`;
    return {
      name: clique.name,
      labels: clique.labels ?? {},
      annotations: clique.annotations ?? {},
      spec: clique.spec,
      replicas: clique.spec.replicas,
      minAvailable: clique.spec.minAvailable,
      startsAfter: startsAfter(template, index),
      closeness: closenessOf(clique.topologyConstraint, path, parent),
    };
  });
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    replicas: spec.replicas,
    updateOnDelete: spec.updateStrategy?.type === 'OnDelete',
    priorityClassName: template.priorityClassName,
    schedulerName: template.cliques[0]?.spec.podSpec.schedulerName || undefined,
    terminationDelayMs: parseDuration(template.terminationDelay ?? DEFAULT_TERMINATION_DELAY) ?? 0,
    publishNotReadyAddresses: template.headlessServiceConfig?.publishNotReadyAddresses ?? true,
    closeness,
    cliques,
    groups,
    ignored: [...ignoredFields(spec), ...ignoredOrder(template), ...ignoredRestartPolicies(template)],
  };
}

/** In order: each clique after the one listed before it. */
function startsAfter(template: Template, index: number): string[] {
  const { cliques, cliqueStartupType } = template;
  if (cliqueStartupType === 'CliqueStartupTypeExplicit') return cliques[index]?.spec.startsAfter ?? [];
  const before = cliques[index - 1];
  return cliqueStartupType === 'CliqueStartupTypeInOrder' && before ? [before.name] : [];
}

function ignoredOrder({ cliques, cliqueStartupType }: Template): string[] {
  if (cliqueStartupType === 'CliqueStartupTypeExplicit') return [];
  return cliques.flatMap((clique, i) =>
    clique.spec.startsAfter?.length ? [`spec.template.cliques[${i}].spec.startsAfter`] : [],
  );
}

function ignoredRestartPolicies({ cliques }: Template): string[] {
  return cliques.flatMap((clique, i) => {
    const policy = clique.spec.podSpec['restartPolicy'];
    return policy === undefined || policy === 'Always'
      ? []
      : [`spec.template.cliques[${i}].spec.podSpec.restartPolicy`];
  });
}

function closenessOf(
  constraint: Constraint,
  path: string,
  parent: Closeness | undefined,
): Closeness | undefined {
  if (!constraint) return undefined;
  return {
    topology: constraint.topologyName || parent?.topology || '',
    required: constraint.pack?.required ?? constraint.packDomain,
    preferred: constraint.pack?.preferred,
    path,
  };
}

/** `spec.template.cliques[0].name` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part),
    '',
  );
}
