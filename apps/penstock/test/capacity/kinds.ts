import {
  deploymentKind,
  nodeKind,
  podCliqueKind,
  podCliqueScalingGroupKind,
  podCliqueSetKind,
  podGangKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';

/** The kinds that the cases look at, whatever the type of their objects. */
export const kinds = {
  clique: podCliqueKind,
  group: podCliqueScalingGroupKind,
  set: podCliqueSetKind,
  gang: podGangKind,
  deployment: deploymentKind,
  node: nodeKind,
  variant: variantAutoscalingKind,
} as unknown as Record<'clique' | 'group' | 'set' | 'gang' | 'deployment' | 'node' | 'variant', ResourceKind>;
