import {
  inferenceModelKind,
  inferencePoolKind,
  podCliqueSetKind,
  variantAutoscalingKind,
} from '@penstock/contracts';
import type { ResourceKind } from '@penstock/core/ports';

/** Every kind that a translation makes objects of. */
export const OUTPUT_KINDS = [
  podCliqueSetKind,
  inferencePoolKind,
  inferenceModelKind,
  variantAutoscalingKind,
] as readonly ResourceKind[];
