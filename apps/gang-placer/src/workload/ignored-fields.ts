import { podCliqueSetSchema } from '@penstock/contracts';
import { z } from 'zod';

/** Fields of the schema that are stored for Grove's sake and change nothing here. */
const NOT_ACTED_UPON = new Set([
  'spec.template.resourceClaimTemplates',
  'spec.template.resourceSharing',
  'spec.template.cliques[].resourceSharing',
  'spec.template.cliques[].spec.autoScalingConfig',
  'spec.template.podCliqueScalingGroups[].resourceSharing',
  'spec.template.podCliqueScalingGroups[].scaleConfig',
]);

/** Passed on as it is. */
const PASSED_ON = new Set(['spec.template.cliques[].spec.podSpec']);

/**
 * Paths of the fields of a PodCliqueSet's spec that nothing acts upon: known ones that are not supported, and ones
 * that the schema does not have. An index says which element.
 */
export function ignoredFields(spec: unknown): string[] {
  return walk(spec, podCliqueSetSchema.shape.spec, 'spec', 'spec');
}

/** `path` names elements by index, `pattern` by `[]`. */
function walk(value: unknown, schema: z.ZodType, path: string, pattern: string): string[] {
  if (value === undefined || PASSED_ON.has(pattern)) return [];
  if (NOT_ACTED_UPON.has(pattern)) return [path];
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    const element = inner.element as z.ZodType;
    return value.flatMap((item, index) => walk(item, element, `${path}[${index}]`, `${pattern}[]`));
  }
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const known = inner.shape[key] as z.ZodType | undefined;
    return known ? walk(field, known, `${path}.${key}`, `${pattern}.${key}`) : [`${path}.${key}`];
  });
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}
