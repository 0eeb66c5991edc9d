import { z } from 'zod';

/** `Recommend`. */
export const recommendRequest = z.object({
  namespace: z.string().min(1, 'is required').max(63),
  name: z.string().min(1, 'is required').max(253),
  includeRecord: z.boolean().default(false),
});
