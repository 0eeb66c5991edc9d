import type { Pod } from '@penstock/contracts';
import {
  type NodeSelectorTerm,
  type PodResources,
  type PodShape,
  podRequests,
  type Toleration,
} from '@penstock/core/placement';

export interface ReadPod {
  readonly shape: PodShape;
  /** A rule of the pod that the placer cannot keep: then it does not place it. */
  readonly problem: string | undefined;
}

/** The fields of a pod's spec that decide where it may run. */
interface SchedulingSpec extends PodResources {
  readonly nodeSelector?: Record<string, string>;
  readonly tolerations?: Toleration[];
  readonly resourceClaims?: unknown[];
  readonly topologySpreadConstraints?: Array<{ whenUnsatisfiable?: string }>;
  readonly affinity?: {
    readonly nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: NodeSelectorTerm[] };
    };
    readonly podAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: unknown[] };
    readonly podAntiAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: unknown[] };
  };
}

const known = new WeakMap<Pod, ReadPod>();
const shapes = new Map<string, PodShape>();
const MAX_SHAPES = 1_000;

/** What a pod needs. Pods with equal needs share one shape. */
export function readPod(pod: Pod): ReadPod {
  let read = known.get(pod);
  if (!read) {
    read = interpret((pod.spec ?? { containers: [] }) as SchedulingSpec);
    known.set(pod, read);
  }
  return read;
}

function interpret(spec: SchedulingSpec): ReadPod {
  const affinity = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const rules = {
    nodeSelector: spec.nodeSelector ?? {},
    tolerations: spec.tolerations ?? [],
    ...(affinity ? { affinity: affinity.nodeSelectorTerms ?? [] } : {}),
  };
  try {
    return { shape: shared({ ...rules, requests: podRequests(spec) }), problem: unsupported(spec) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { shape: { ...rules, requests: { pods: 1 } }, problem };
  }
}

function shared(shape: PodShape): PodShape {
  const key = JSON.stringify(shape);
  const found = shapes.get(key);
  if (found) return found;
  if (shapes.size >= MAX_SHAPES) shapes.clear();
  shapes.set(key, shape);
  return shape;
}

function unsupported(spec: SchedulingSpec): string | undefined {
  const rules: ReadonlyArray<readonly [string, number]> = [
    ['resourceClaims', spec.resourceClaims?.length ?? 0],
    [
      'affinity.podAffinity (required)',
      spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length ?? 0,
    ],
    [
      'affinity.podAntiAffinity (required)',
      spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length ?? 0,
    ],
    [
      'topologySpreadConstraints (DoNotSchedule)',
      spec.topologySpreadConstraints?.filter((c) => c.whenUnsatisfiable !== 'ScheduleAnyway').length ?? 0,
    ],
  ];
  const used = rules.filter(([, count]) => count > 0).map(([name]) => `spec.${name}`);
  return used.length === 0
    ? undefined
    : `uses ${used.join(' and ')}, which this placer does not evaluate: remove it or name another scheduler`;
}
