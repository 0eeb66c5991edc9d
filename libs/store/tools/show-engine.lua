-- Prints the blocks of one stored engine, a line each, hashes in hexadecimal:
--   redis-cli --eval show-engine.lua '<engine>:head' '<engine>:snap' '<engine>:log' [, <block key in hexadecimal>]
-- With a block key it prints only that block, and nothing when the engine does not hold it.
local tiers = { [0] = 'gpu', 'cpu', 'ssd', 's3' }
local head = redis.call('HMGET', KEYS[1], 'v', 'inc', 'seq', 'snapBytes')
if head[1] ~= '2' or not head[3] then return 'nothing that this script can read is stored here' end

local function hex(bytes) return (bytes:reverse():gsub('.', function(c) return string.format('%02x', c:byte()) end)) end

local function place_of(flags)
  local tier = tiers[flags % 64]
  return flags >= 128 and tier .. ' window' or tier, math.floor(flags / 64) % 2 == 1
end

-- Flags, number, hashes and, of stored blocks, keys and check bits; returns where the next section begins.
local function read(bytes, at, stored, on_block)
  local place, has_checks = place_of(bytes:byte(at))
  local n = struct.unpack('<I4', bytes, at + 1)
  local hashes = at + 5
  local keys = hashes + n * 8
  local checks = stored and keys + n * 8 or keys
  for i = 0, n - 1 do
    local hash = bytes:sub(hashes + i * 8, hashes + i * 8 + 7)
    if stored then
      local check = has_checks and bytes:sub(checks + i * 4, checks + i * 4 + 3) or ''
      on_block(place, hash, bytes:sub(keys + i * 8, keys + i * 8 + 7), check)
    else
      on_block(place, hash)
    end
  end
  return checks + ((stored and has_checks) and n * 4 or 0)
end

local held = {}
local function put(place, hash, key, check) held[place .. '/' .. hash] = { place, hash, key, check } end
local function drop(place, hash) held[place .. '/' .. hash] = nil end

local snapshot = table.concat(redis.call('LRANGE', KEYS[2], 0, -1))
local at = 13
while at <= #snapshot do at = read(snapshot, at, true, put) end

for _, record in ipairs(redis.call('LRANGE', KEYS[3], 0, -1)) do
  if record:byte(37) == 1 then held = {} end
  -- Removals of a delta come before its stores, wherever they are in the record.
  for pass = 2, 1, -1 do
    local section = 38
    while section <= #record do
      local kind = record:byte(section)
      section = read(record, section + 1, kind == 1, kind == pass and (kind == 1 and put or drop) or function() end)
    end
  end
end

local lines = {}
for _, block in pairs(held) do
  local key = hex(block[3])
  if ARGV[1] == nil or ARGV[1] == key then
    lines[#lines + 1] = block[1] .. ' hash ' .. hex(block[2]) .. ' key ' .. key .. ' check ' .. (block[4] == '' and '-' or hex(block[4]))
  end
end
table.sort(lines)
table.insert(lines, 1, 'incarnation ' .. head[2] .. ' sequence ' .. head[3] .. ' blocks ' .. #lines)
return lines
