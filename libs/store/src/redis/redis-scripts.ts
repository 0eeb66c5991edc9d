/**
 * Lua that Redis runs atomically. KEYS are always head, snapshot and log of one engine. Numbers up to 2^53 - 1 are
 * compared as numbers and stored as the text that came in, which Lua would print with an exponent.
 *
 * Head: v (layout version), inc, seq, eseq, facts (JSON), base (sequence in the snapshot), crc (of the last delta),
 * logBytes, snapBytes.
 */

/** Position of the stored engine, nil where there is none that we can read. */
const READ_POSITION = `
local head = redis.pcall('HMGET', KEYS[1], 'v', 'inc', 'seq', 'crc', 'snapBytes')
local inc, seq
if head.err then
  redis.call('DEL', unpack(KEYS))
elseif head[1] == '1' then
  inc, seq = tonumber(head[2]), tonumber(head[3])
end
`;

const KEEP = `
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttlMs) end
`;

/**
 * ARGV: incarnation, sequence, engine sequence, sequence before, checksum, record, cleared (0 or 1), ttl in ms.
 * Returns {accepted, log bytes, snapshot bytes}.
 */
const append = `${READ_POSITION}
local newInc, newSeq, ttlMs = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[8]
if inc == newInc and seq == newSeq then
  if head[4] == ARGV[5] then return {1, 0, 0} end
  return {0, 0, 0}
end
local first = newSeq == 1 and (inc == nil or newInc > inc)
if not first and not (inc == newInc and seq == newSeq - 1) then return {0, 0, 0} end
local snapBytes = tonumber(head[5]) or 0
if first then
  redis.call('DEL', unpack(KEYS))
  redis.call('HSET', KEYS[1], 'v', '1', 'facts', '{}')
end
if first or ARGV[7] == '1' then
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'base', ARGV[4], 'logBytes', '0', 'snapBytes', '0')
  snapBytes = 0
end
redis.call('RPUSH', KEYS[3], ARGV[6])
redis.call('HSET', KEYS[1], 'inc', ARGV[1], 'seq', ARGV[2], 'eseq', ARGV[3], 'crc', ARGV[5])
local logBytes = redis.call('HINCRBY', KEYS[1], 'logBytes', #ARGV[6])
${KEEP}
return {1, logBytes, snapBytes}
`;

/** ARGV: incarnation, sequence, engine sequence, facts, snapshot, ttl in ms. Returns 1 or 0. */
const replace = `${READ_POSITION}
local newInc, newSeq, ttlMs = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[6]
if inc and (inc > newInc or (inc == newInc and seq > newSeq)) then return 0 end
-- First, as a full Redis refuses it only before anything else was written.
redis.call('SET', KEYS[2], ARGV[5])
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HSET', KEYS[1], 'v', '1', 'inc', ARGV[1], 'seq', ARGV[2], 'eseq', ARGV[3], 'facts', ARGV[4],
  'base', ARGV[2], 'crc', '', 'logBytes', '0', 'snapBytes', #ARGV[5])
${KEEP}
return 1
`;

/** Returns nil, or {incarnation, sequence, engine sequence, facts, base, snapshot bytes, snapshot, log}. */
const load = `
local head = redis.call('HMGET', KEYS[1], 'v', 'inc', 'seq', 'eseq', 'facts', 'base', 'snapBytes')
if head[1] ~= '1' then return nil end
return {head[2], head[3], head[4], head[5], head[6], head[7], redis.call('GET', KEYS[2]), redis.call('LRANGE', KEYS[3], 0, -1)}
`;

/**
 * Puts a snapshot in place of itself and the first deltas of the log, unless others did.
 * ARGV: incarnation, base, new base, deltas, their bytes, snapshot, ttl in ms. Returns 1 or 0.
 */
const fold = `
local head = redis.call('HMGET', KEYS[1], 'v', 'inc', 'base')
if head[1] ~= '1' or head[2] ~= ARGV[1] or head[3] ~= ARGV[2] then return 0 end
local ttlMs = ARGV[7]
redis.call('SET', KEYS[2], ARGV[6])
redis.call('LTRIM', KEYS[3], ARGV[4], -1)
redis.call('HSET', KEYS[1], 'base', ARGV[3], 'snapBytes', #ARGV[6])
redis.call('HINCRBY', KEYS[1], 'logBytes', '-' .. ARGV[5])
${KEEP}
return 1
`;

export const REDIS_SCRIPTS = { append, replace, load, fold } as const;
export type RedisScriptName = keyof typeof REDIS_SCRIPTS;
