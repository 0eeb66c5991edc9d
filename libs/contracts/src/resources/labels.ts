import { z } from 'zod';

/** Label key: optional DNS prefix, `/`, then at most 63 characters. */
export const labelKey = z
  .string()
  .min(1)
  .max(317)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
export const labelValue = z
  .string()
  .max(63)
  .regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);

/** A non-empty set of labels that must all match, at most 64. */
export const matchLabels = z
  .record(labelKey, labelValue)
  .refine(
    (labels) => Object.keys(labels).length > 0,
    'must name at least one label: an empty selector would take every pod',
  )
  .refine((labels) => Object.keys(labels).length <= 64, 'must not name more than 64 labels')
  .meta({ minProperties: 1, maxProperties: 64 });
