import type { VariantAutoscaling } from '@penstock/contracts';

/** Label of a VariantAutoscaling: the accelerator of its engines, as llm-d's autoscaler reads it. */
export const ACCELERATOR_LABEL = 'inference.optimization/acceleratorName';

/** Name of the accelerator for metrics and status, `unknown` when nobody said it. */
export function acceleratorOf({ metadata }: VariantAutoscaling): string {
  const name = metadata.labels?.[ACCELERATOR_LABEL] ?? '';
  return name.length >= 2 ? name : 'unknown';
}
