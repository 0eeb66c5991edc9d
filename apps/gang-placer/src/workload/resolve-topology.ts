import { type ClusterTopologyBinding, clusterTopologyBindingSchema, type PodGang } from '@penstock/contracts';
import { type Closeness, groupOfClique, type Problem, type SetModel } from './set-model.js';

export type Packing = NonNullable<PodGang['spec']['topologyConstraint']>;

/** Why the topology domains of a set have no node labels now: the condition that says so. */
export interface TopologyUnavailable {
  /** Unknown: the binding is not there. True: it lacks a level. */
  readonly status: 'True' | 'Unknown';
  readonly reason: 'ClusterTopologyNotFound' | 'ClusterTopologyLevelsUnavailable';
  readonly message: string;
}

export type TopologyResolution =
  | { readonly packing: (closeness: Closeness | undefined) => Packing | undefined }
  | { readonly unavailable: TopologyUnavailable }
  | { readonly problems: readonly Problem[] };

/** Name of the ClusterTopologyBinding that a set needs; undefined when it has no constraint. */
export function topologyNameOf(set: SetModel): string | undefined {
  return [set, ...set.groups, ...set.cliques].find(({ closeness }) => closeness)?.closeness?.topology;
}

/** Domains → node-label keys, by the levels of the set's ClusterTopologyBinding (broadest first). */
export function resolveTopology(
  set: SetModel,
  binding: ClusterTopologyBinding | undefined,
): TopologyResolution {
  const name = topologyNameOf(set);
  if (name === undefined) return { packing: () => undefined };
  if (!binding) {
    const message = `there is no ClusterTopologyBinding ${JSON.stringify(name)}: create it, or name another in topologyName`;
    return { unavailable: { status: 'Unknown', reason: 'ClusterTopologyNotFound', message } };
  }
  const parsed = clusterTopologyBindingSchema.safeParse(binding);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    const message = `ClusterTopologyBinding ${JSON.stringify(name)} is invalid: ${problems.join('; ')}`;
    return { unavailable: { status: 'True', reason: 'ClusterTopologyLevelsUnavailable', message } };
  }
  const domains = binding.spec.levels.map(({ domain }) => domain);
  const missing = unknownDomains(set, domains);
  if (missing.length > 0) {
    const message = `ClusterTopologyBinding ${JSON.stringify(name)} has no level ${missing.join(', ')}: it has ${domains.join(', ')}`;
    return { unavailable: { status: 'True', reason: 'ClusterTopologyLevelsUnavailable', message } };
  }
  const problems = widerThanParent(set, domains);
  if (problems.length > 0) return { problems };
  const keys = new Map(binding.spec.levels.map(({ domain, key }) => [domain, key]));
  const keyOf = (domain: string | undefined) => (domain === undefined ? undefined : keys.get(domain));
  return {
    packing: (closeness) =>
      closeness && {
        packConstraint: { required: keyOf(closeness.required), preferred: keyOf(closeness.preferred) },
      },
  };
}

function unknownDomains(set: SetModel, domains: readonly string[]): string[] {
  const wanted = [set, ...set.groups, ...set.cliques].flatMap(({ closeness }) =>
    [closeness?.required, closeness?.preferred].filter((domain) => domain !== undefined),
  );
  return [...new Set(wanted)].filter((domain) => !domains.includes(domain));
}

/** A part must be at least as close together as what it is part of. */
function widerThanParent(set: SetModel, domains: readonly string[]): Problem[] {
  const ofCliques = set.cliques.flatMap(({ name, closeness }) => {
    const group = groupOfClique(set, name);
    return [set, ...(group ? [group] : [])].flatMap((parent) => wider(closeness, parent.closeness, domains));
  });
  return [...set.groups.flatMap(({ closeness }) => wider(closeness, set.closeness, domains)), ...ofCliques];
}

function wider(
  child: Closeness | undefined,
  parent: Closeness | undefined,
  domains: readonly string[],
): Problem[] {
  return (['required', 'preferred'] as const).flatMap((level) => {
    const [inner, outer] = [child?.[level], parent?.[level]];
    if (!child || !parent || inner === undefined || outer === undefined) return [];
    if (domains.indexOf(inner) >= domains.indexOf(outer)) return [];
    const message = `${inner} is wider than ${outer} of ${parent.path}: choose ${outer} or a narrower domain`;
    return [{ path: `${child.path}.pack.${level}`, message }];
  });
}
