import { z } from 'zod';
import { address, count, engineId, event, millis, name, role } from './common.js';

const engine = { engine: engineId, pod: name, address };

export const engineRegistered = event({
  ...engine,
  model: z.string().max(512).describe('Served base model; empty until the engine answers'),
  blockSize: count.describe('Tokens per KV block; 0 until known'),
  incarnation: count,
  kvEvents: z.boolean().describe('Whether the engine publishes KV events'),
}).describe('An engine was discovered');
export const engineReady = event({ ...engine, model: name, blockSize: count, incarnation: count }).describe(
  'The cache of an engine is followed live',
);
export const engineGone = event({
  ...engine,
  incarnation: count.optional().describe('The life that ended; a later one of the same name stays'),
  reason: name,
}).describe('An engine left; its blocks are gone');
export const engineDraining = event({
  ...engine,
  role: role.optional(),
  deadlineMs: millis,
  reason: name,
}).describe('An engine is about to be removed: no new requests');
