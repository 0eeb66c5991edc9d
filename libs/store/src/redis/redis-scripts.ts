/**
 * Lua that Redis runs atomically. Numbers up to 2^53 - 1 are compared as numbers and stored as the text that came in,
 * which Lua would print with an exponent.
 *
 * Head: v (layout version), inc, seq, eseq, facts (JSON), base (sequence in the snapshot), crc (of the last delta),
 * logBytes, snapBytes. The head of a removed engine has v and inc only, for some minutes.
 *
 * A full Redis refuses only the first write of a script; so each script begins with one that it would refuse, and
 * either does everything or nothing.
 */

/** Position of a stored engine: nil where there is none that we can read; seq is nil when it was removed. */
const POSITION = `
local function position(headKey, snapKey, logKey)
  local head = redis.pcall('HMGET', headKey, 'v', 'inc', 'seq', 'crc', 'snapBytes', 'logBytes')
  if head.err then
    redis.call('DEL', headKey, snapKey, logKey)
    return nil, nil, {}
  end
  if head[1] ~= '2' then return nil, nil, {} end
  return tonumber(head[2]), tonumber(head[3]), head
end
`;

/** Adds to a list or a set; what has another type was never ours and is deleted. The second call raises what remains. */
const ADD = `
local function add(command, key, ...)
  local answer = redis.pcall(command, key, ...)
  if type(answer) ~= 'table' then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then redis.call('DEL', key) end
  return redis.call(command, key, ...)
end
`;

/** Expiry is renewed only now and then, as each renewal is a write to the replicas too. */
const KEEP = `
local function keep(ttlMs, headKey, snapKey, logKey, isNewLog)
  if redis.call('PTTL', headKey) < ttlMs * 0.9 then
    redis.call('PEXPIRE', headKey, ttlMs)
    redis.call('PEXPIRE', snapKey, ttlMs)
    redis.call('PEXPIRE', logKey, ttlMs)
  elseif isNewLog then
    redis.call('PEXPIRE', logKey, ttlMs)
  end
end
`;

/**
 * Deltas of engines of one shard, in order. KEYS: set of engines, then per delta head, snapshot, log. ARGV: ttl in ms,
 * then per delta member, incarnation, sequence, engine sequence, checksum, cleared (0 or 1), record. Returns per delta
 * accepted (0 or 1), log bytes, snapshot bytes.
 */
const append = `${POSITION}${ADD}${KEEP}
local ttlMs = tonumber(ARGV[1])
local answer = {}
for i = 0, (#KEYS - 1) / 3 - 1 do
  local headKey, snapKey, logKey = KEYS[i * 3 + 2], KEYS[i * 3 + 3], KEYS[i * 3 + 4]
  local member, incText, seqText, eseqText, crc, cleared, record = unpack(ARGV, i * 7 + 2, i * 7 + 8)
  local newInc, newSeq = tonumber(incText), tonumber(seqText)
  local inc, seq, head = position(headKey, snapKey, logKey)
  local accepted, logBytes, snapBytes = 0, 0, 0
  if seq and inc == newInc and seq == newSeq then
    if head[4] == crc then accepted = 1 end
  else
    local first = newSeq == 1 and (inc == nil or newInc > inc or (seq == nil and newInc == inc))
    if first or (seq and inc == newInc and seq == newSeq - 1) then
      accepted = 1
      if first then
        add('SADD', KEYS[1], member)
        redis.call('DEL', headKey, snapKey, logKey)
        redis.call('HSET', headKey, 'v', '2', 'facts', '{}', 'base', '0', 'snapBytes', '0')
      elseif cleared == '1' then
        redis.call('DEL', snapKey, logKey)
        redis.call('HSET', headKey, 'base', newSeq - 1, 'snapBytes', '0')
      else
        logBytes, snapBytes = tonumber(head[6]) or 0, tonumber(head[5]) or 0
      end
      local records = add('RPUSH', logKey, record)
      logBytes = logBytes + #record
      redis.call('HSET', headKey, 'inc', incText, 'seq', seqText, 'eseq', eseqText, 'crc', crc, 'logBytes', logBytes)
      keep(ttlMs, headKey, snapKey, logKey, records == 1)
    end
  end
  answer[i * 3 + 1], answer[i * 3 + 2], answer[i * 3 + 3] = accepted, logBytes, snapBytes
end
return answer
`;

/**
 * A whole engine. KEYS: set of engines, head, snapshot, log. ARGV: ttl in ms, member, incarnation, sequence, engine
 * sequence, facts, snapshot bytes, pieces of the snapshot. Returns 1 or 0.
 */
const replace = `${POSITION}${ADD}${KEEP}
local headKey, snapKey, logKey = KEYS[2], KEYS[3], KEYS[4]
local newInc, newSeq = tonumber(ARGV[3]), tonumber(ARGV[4])
local inc, seq = position(headKey, snapKey, logKey)
if inc and (inc > newInc or (seq and inc == newInc and seq > newSeq)) then return 0 end
add('SADD', KEYS[1], ARGV[2])
redis.call('DEL', headKey, snapKey, logKey)
redis.call('RPUSH', snapKey, unpack(ARGV, 8))
redis.call('HSET', headKey, 'v', '2', 'inc', ARGV[3], 'seq', ARGV[4], 'eseq', ARGV[5], 'facts', ARGV[6],
  'base', ARGV[4], 'crc', '', 'logBytes', '0', 'snapBytes', ARGV[7])
keep(tonumber(ARGV[1]), headKey, snapKey, logKey, false)
return 1
`;

/**
 * KEYS: head, snapshot, log. Returns nil, or {incarnation, sequence, engine sequence, facts, base, snapshot bytes, pieces
 * of the snapshot, log}.
 */
const load = `
local head = redis.call('HMGET', KEYS[1], 'v', 'inc', 'seq', 'eseq', 'facts', 'base', 'snapBytes', 'logBytes')
if head[1] ~= '2' or (head[2] and not head[3] and not head[4]) then return nil end
return {head[2], head[3], head[4], head[5], head[6], head[7], redis.call('LRANGE', KEYS[2], 0, -1), redis.call('LRANGE', KEYS[3], 0, -1)}
`;

/**
 * Puts a snapshot in place of itself and the first deltas of the log, unless others did. It begins with a deletion, which
 * also a full Redis takes, as the new snapshot with its shorter log is smaller. KEYS: head, snapshot, log. ARGV: ttl in
 * ms, incarnation, base, new base, deltas, their bytes, snapshot bytes, pieces of the snapshot. Returns 1 or 0.
 */
const fold = `${KEEP}
local head = redis.call('HMGET', KEYS[1], 'v', 'inc', 'base', 'seq')
if head[1] ~= '2' or head[2] ~= ARGV[2] or head[3] ~= ARGV[3] or not head[4] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], unpack(ARGV, 8))
redis.call('PEXPIRE', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[3], ARGV[5], -1)
redis.call('HSET', KEYS[1], 'base', ARGV[4], 'snapBytes', ARGV[7])
redis.call('HINCRBY', KEYS[1], 'logBytes', '-' .. ARGV[6])
keep(tonumber(ARGV[1]), KEYS[1], KEYS[2], KEYS[3], false)
return 1
`;

/**
 * Forgets an engine, but not that its life has been. KEYS: set of engines, head, snapshot, log. ARGV: member, newest
 * incarnation to remove (empty: any), ms for which older lives are refused. Returns 1 or 0.
 */
const remove = `${POSITION}
local inc = position(KEYS[2], KEYS[3], KEYS[4])
if inc and ARGV[2] ~= '' and inc > tonumber(ARGV[2]) then return 0 end
local incText = redis.call('HGET', KEYS[2], 'inc')
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.pcall('SREM', KEYS[1], ARGV[1])
if inc then
  redis.call('HSET', KEYS[2], 'v', '2', 'inc', incText)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return 1
`;

export const REDIS_SCRIPTS = { append, replace, load, fold, remove } as const;
export type RedisScriptName = keyof typeof REDIS_SCRIPTS;
