import type { StructuralSchema } from '../structural-schema.js';

/**
 * The field names of a rule's `fieldPath`, such as `.size` or `.labels['a.b']`.
 *
 * @returns nothing for no path, undefined for one that the schema does not have
 */
export function resolveFieldPath(
  schema: StructuralSchema,
  path: string | undefined,
): readonly string[] | undefined {
  if (path === undefined) return [];
  const steps = [...path.matchAll(/\.([A-Za-z_][\w-]*)|\['([^'\]]+)'\]/g)];
  if (steps.map(([step]) => step).join('') !== path || steps.length === 0) return undefined;
  const result: string[] = [];
  let at: StructuralSchema | undefined = schema;
  for (const [, field, key] of steps) {
    const name = field ?? key ?? '';
    const rest: StructuralSchema['additionalProperties'] = at.additionalProperties;
    at = at.properties?.[name] ?? (key !== undefined && typeof rest === 'object' ? rest : undefined);
    if (!at) return undefined;
    result.push(at === rest ? `[${name}]` : `.${name}`);
  }
  return result;
}
