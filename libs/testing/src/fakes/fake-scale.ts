import type { ClusterObject, Scale } from '@penstock/core/ports';

/** Scale of an object that keeps its replicas in `spec.replicas` and `status.replicas`, as all our targets do. */
export function fakeScaleOf(object: ClusterObject): Scale {
  const { spec, status, metadata } = object as ClusterObject & {
    spec?: { replicas?: number; selector?: { matchLabels?: Record<string, string> } };
    status?: { replicas?: number; selector?: string; hpaPodSelector?: string };
  };
  const labels = Object.entries(spec?.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    replicas: spec?.replicas ?? 0,
    observedReplicas: status?.replicas ?? 0,
    selector: status?.selector ?? status?.hpaPodSelector ?? labels.join(','),
    resourceVersion: metadata.resourceVersion ?? '',
  };
}
