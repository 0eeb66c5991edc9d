import { z } from 'zod';
import { count, event, millis, name, role } from './common.js';

const target = z.object({ kind: name, namespace: name, name });
const gang = { gang: target, queue: z.string().max(512).optional() };
const pods = z.array(z.object({ pod: name, node: name })).max(10_000);

export const scalingDecided = event({
  target,
  model: name,
  role,
  from: count,
  to: count,
  reason: z.string().max(1000),
}).describe('A replica count was decided');
const attempt = count.optional().describe('Number of the decision on the gang');
export const placementDecided = event({
  ...{ ...gang, pods, attempt },
  score: z.number().min(0).max(1).optional().describe('1 = as few nodes as possible'),
  domain: z.string().max(512).optional().describe('Node label and value that all its nodes share'),
}).describe('A whole gang has a place');
export const placementBound = event({ ...gang, pods, attempt, waitedMs: millis }).describe(
  'Every pod of a gang is bound',
);
export const placementEvicted = event({ ...gang, pods, reason: z.string().max(1000) }).describe(
  'A gang lost its place',
);
export const placementRefused = event({ ...gang, reasons: z.array(z.string().max(1000)).max(32) }).describe(
  'A gang cannot be placed now',
);
