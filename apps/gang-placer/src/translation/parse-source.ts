import type { z } from 'zod';
import type { TranslationProblem } from './translation.js';

/**
 * A source as its schema reads it, or every mistake in it. The API server has checked it too, unless somebody else's
 * definition of the kind is installed.
 */
export function parseSource<T extends z.ZodType>(
  schema: T,
  source: unknown,
): { value: z.output<T> } | { problems: readonly TranslationProblem[] } {
  const parsed = schema.safeParse(source);
  if (parsed.success) return { value: parsed.data };
  return {
    problems: parsed.error.issues.map(({ path, message }) => ({
      field: path.map(String).join('.'),
      message,
    })),
  };
}
