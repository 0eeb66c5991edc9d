import {
  type ClusterSnapshot,
  type GangRequest,
  type Placement,
  type PlaceOptions,
  placeGang,
} from '@penstock/core/placement';
import type { Wait } from './waiting-gangs.js';

/** Why pods beyond the minimum have no place: asked as if one more of each such group were needed. */
export function describeExtras(
  snapshot: ClusterSnapshot,
  request: GangRequest,
  { left, assignments }: Placement,
  options: PlaceOptions,
): Wait | undefined {
  if (left.length === 0) return undefined;
  const out = new Set(left);
  const nodes = new Map(assignments.map(({ pod, node }) => [pod, node]));
  const shapes = request.groups.flatMap(({ pods }) => pods.filter(({ name }) => nodes.has(name)));
  const loads = shapes.map(({ name, shape }) => ({
    node: nodes.get(name) as string,
    requests: shape.requests,
  }));
  for (const { node, requests } of loads) snapshot.reserve(node, requests);
  const groups = request.groups.map((group) => {
    const pods = group.pods.filter(({ name }) => out.has(name));
    const placed = group.pods
      .filter(({ name }) => nodes.has(name))
      .map(({ name, shape }) => ({ name, node: nodes.get(name) as string, requests: shape.requests }));
    const bound = [...group.bound, ...placed];
    return { ...group, pods, bound, minReplicas: bound.length + Math.min(1, pods.length) };
  });
  const outcome = placeGang(snapshot, { ...request, groups }, options);
  for (const { node, requests } of loads) snapshot.release(node, requests);
  const refusal = outcome.placed ? undefined : outcome.refusal;
  const message = `${left.length} pods beyond the minimum wait: ${refusal?.message ?? 'they did not fit together'}`;
  return { reason: 'Unschedulable', message, pods: left, refusal };
}
