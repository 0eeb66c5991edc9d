import { z } from 'zod';
import { address, count, event, millis, name } from './common.js';

const candidate = z.object({
  endpoint: address,
  total: z.number(),
  scores: z.record(z.string(), z.number()),
  matchedTokens: count,
});

export const routingDecided = event({
  requestId: name,
  model: name,
  targetModel: name,
  policy: name,
  endpoint: address,
  promptTokens: count,
  matchedTokens: count,
  decidedAtMs: millis.optional().describe('Time of the decision, milliseconds since the epoch'),
  metricsAgeMs: millis,
  kvAgeMs: millis,
  scheduler: name,
  reason: z.string().max(1000),
  excluded: z.record(z.string(), count),
  leading: z.array(candidate).max(5).describe('Best first; empty in a short record'),
}).describe('A request was given to an engine');

export const routingCompleted = event({
  requestId: name,
  model: name,
  endpoint: address,
  status: z.number().int(),
  outcome: z.enum(['ok', 'client-abort', 'engine-error', 'engine-lost']),
  ttftMs: millis.nullable().describe('Null when no token came'),
  durationMs: millis,
  promptTokens: count,
  cachedTokens: count.nullable().describe('As reported by the engine; null when it did not say'),
  outputTokens: count,
  scheduler: name,
}).describe('A routed request ended');

export const routingRejected = event({
  requestId: name,
  model: z.string().max(512),
  status: z.number().int(),
  reason: name,
  excluded: z.record(z.string(), count),
  scheduler: name,
}).describe('A request was refused before it reached an engine');

export const demandReported = event({
  model: name,
  class: name.describe('Service class; `standard` until classes are configured'),
  role: z.enum(['prefill', 'decode', 'both', 'batch']),
  intervalMs: millis,
  requests: count,
  promptTokens: count,
  uncachedTokens: count,
  outputTokens: count,
  inFlight: count,
  scheduler: name,
}).describe('Demand seen by one scheduler replica over the last interval');
