import { z } from 'zod';

/** Reference to an InferencePool in the namespace of the object that carries it. */
export const poolRef = z.object({
  group: z.string().max(253).optional(),
  kind: z.string().max(63).optional(),
  name: z.string().min(1).max(253),
});

/** Rule of both traffic-splitting objects: every target carries a weight, or none does. */
export const allOrNoneWeighted = (targets: ReadonlyArray<{ weight?: number }>): boolean => {
  const weighted = targets.filter((target) => target.weight !== undefined).length;
  return weighted === 0 || weighted === targets.length;
};
