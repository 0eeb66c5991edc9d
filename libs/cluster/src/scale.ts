import type { Scale } from '@penstock/core/ports';

/** `autoscaling/v1` Scale, the parts that are read. */
export interface ScaleObject {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly selector?: string };
}

/** A Scale as the port says it; what the API leaves out is zero or empty. */
export function scaleOf({ metadata, spec, status }: ScaleObject): Scale {
  return {
    replicas: spec?.replicas ?? 0,
    observedReplicas: status?.replicas ?? 0,
    selector: status?.selector ?? '',
    resourceVersion: metadata?.resourceVersion ?? '',
  };
}
