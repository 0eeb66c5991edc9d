import type { ClusterObject, ResourceKind } from '@penstock/core/ports';

/** What of a `llmd.ai/v1alpha1` VariantAutoscaling says which pool gets engines for which model. */
export interface Variant extends ClusterObject {
  spec?: {
    modelID?: unknown;
    scaleTargetRef?: { apiVersion?: unknown; kind?: unknown; name?: unknown };
  };
}

export const variantKind: ResourceKind<Variant> = {
  group: 'llmd.ai',
  version: 'v1alpha1',
  plural: 'variantautoscalings',
  kind: 'VariantAutoscaling',
  namespaced: true,
};
