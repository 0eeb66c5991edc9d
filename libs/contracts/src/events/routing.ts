import { z } from 'zod';
import { address, count, engineId, event, millis, name, packedU64, role, tier } from './common.js';

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
  engine: engineId.optional(),
  node: name.optional().describe('Node of the engine; absent when the cluster did not say'),
  promptTokens: count,
  matchedTokens: count,
  speculativeTokens: count
    .optional()
    .describe('Of the matched tokens: not known to be there, but sent to the engine a moment ago'),
  matchedByTier: z
    .partialRecord(tier, count)
    .optional()
    .describe('Matched tokens of the chosen engine by the tier they are on'),
  loads: z
    .array(z.object({ tier, keys: packedU64 }))
    .max(3)
    .optional()
    .describe(
      'Blocks behind the prefix on the GPU that the engine can use from storage; 2,048 in all at most',
    ),
  decidedAtMs: millis.optional().describe('Time of the decision, milliseconds since the epoch'),
  metricsAgeMs: millis,
  kvAgeMs: millis,
  waitedMs: millis.optional().describe('Time spent waiting for an engine; absent when there was one at once'),
  prefixSource: z
    .enum(['none', 'approximate', 'exact'])
    .optional()
    .describe('Where the matched tokens of the chosen engine are known from'),
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

const engineLoad = z.object({
  engine: engineId,
  role,
  ready: z.boolean().describe('Its pod is ready and it answers; a draining engine may be ready'),
  waiting: count.describe('Requests waiting in the engine, as last scraped'),
  running: count.describe('Requests running in the engine, as last scraped'),
  kvUsage: z.number().min(0).max(1).describe('KV cache in use, as last scraped'),
  kvCapacityTokens: count.describe('Size of the KV cache; 0 until known'),
  metricsAgeMs: millis.describe('Age of the scraped figures; 4294967295 before the first scrape'),
});

export const demandReported = event({
  model: name.describe('Served name of the base model; adapters count for theirs'),
  class: name.describe('Service class; `standard` until classes are configured'),
  role,
  intervalMs: millis,
  requests: count.describe('Arrived in the interval, those that had to wait included'),
  promptTokens: count,
  uncachedTokens: count,
  outputTokens: count,
  inFlight: count.describe('At engines now'),
  held: count.optional().describe('Waiting in the scheduler for an engine now'),
  heldTokens: count.optional().describe('Their prompt tokens'),
  engines: z.array(engineLoad).max(5000).optional().describe('Engines of the model in the pool'),
  scheduler: name,
}).describe('Demand for one model of one pool seen by one scheduler replica over the last interval');
