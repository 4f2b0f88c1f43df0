import { script } from "./scripts.ts";

/**
 * Puts a member into a channel, or replaces it.
 * KEYS: members (hash: socket id → lease, user and record, a line each), order (sorted set: socket id by arrival), users
 * (sorted set: user, line feed, socket id). ARGV: socket id, what the hash is to have, `user\n` or ''.
 * Returns 1 where it was not there.
 */
export const PUT = script(`
local members, order, users = KEYS[1], KEYS[2], KEYS[3]
local before = redis.call('HGET', members, ARGV[1])
local user = before and string.match(before, '^[^\\n]*\\n([^\\n]*)\\n') or ''
if user ~= '' and user .. '\\n' ~= ARGV[3] then redis.call('ZREM', users, user .. '\\n' .. ARGV[1]) end
if not redis.call('ZSCORE', order, ARGV[1]) then
  local last = redis.call('ZRANGE', order, -1, -1, 'WITHSCORES')[2]
  redis.call('ZADD', order, (last or 0) + 1, ARGV[1])
end
redis.call('HSET', members, ARGV[1], ARGV[2])
if ARGV[3] ~= '' then redis.call('ZADD', users, 0, ARGV[3] .. ARGV[1]) end
return before and 0 or 1
`);

/**
 * Takes a member out, where it goes with the given lease or none is given.
 * KEYS: members, order, users, subscribers. ARGV: socket id, lease or ''.
 * Returns what the hash had or '', and how many members and nodes with subscribers are left.
 */
export const REMOVE = script(`
local record = redis.call('HGET', KEYS[1], ARGV[1])
if record and ARGV[2] ~= '' and string.sub(record, 1, #ARGV[2] + 1) ~= ARGV[2] .. '\\n' then record = false end
if record then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  local user = string.match(record, '^[^\\n]*\\n([^\\n]*)\\n') or ''
  if user ~= '' then redis.call('ZREM', KEYS[3], user .. '\\n' .. ARGV[1]) end
end
return { record or '', redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[4]) }
`);

/**
 * Reads members in the order of their arrival.
 * KEYS: members, order, users. ARGV: how many, after which place, a socket id or '', `user\n` or '', bytes of JSON or ''.
 * Returns the total, 1 where there are more, and place and record of each.
 */
export const MEMBERS = script(`
local members, order, users = KEYS[1], KEYS[2], KEYS[3]
local limit, after, room = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5]) or math.huge
local found, total = {}, 0
if ARGV[3] ~= '' then
  local place = redis.call('ZSCORE', order, ARGV[3])
  if ARGV[4] ~= '' and not redis.call('ZSCORE', users, ARGV[4] .. ARGV[3]) then place = false end
  if place then found, total = { { tonumber(place), ARGV[3] } }, 1 end
elseif ARGV[4] ~= '' then
  for _, entry in ipairs(redis.call('ZRANGEBYLEX', users, '[' .. ARGV[4], '(' .. ARGV[4] .. '\\255')) do
    local id = string.sub(entry, #ARGV[4] + 1)
    local place = redis.call('ZSCORE', order, id)
    if place then found[#found + 1] = { tonumber(place), id } end
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  total = #found
else
  total = redis.call('ZCARD', order)
  if limit > 0 then
    local page = redis.call('ZRANGE', order, '(' .. ARGV[2], '+inf', 'BYSCORE', 'LIMIT', 0, limit + 1, 'WITHSCORES')
    for at = 1, #page, 2 do found[#found + 1] = { tonumber(page[at + 1]), page[at] } end
  end
end
local reply = { total, 0 }
for _, entry in ipairs(found) do
  local record = entry[1] > after and redis.call('HGET', members, entry[2])
  if record then
    local _, head = string.find(record, '^[^\\n]*\\n[^\\n]*\\n')
    room = room - (#record - (head or 0) + 1)
    if #reply == 2 + 2 * limit or (room < 0 and #reply > 2) then
      reply[2] = 1
      return reply
    end
    reply[#reply + 1] = string.format('%d', entry[1])
    reply[#reply + 1] = record
  end
end
return reply
`);

/**
 * Looks through members in the order of their arrival for records that have some pieces of text in them.
 * KEYS: members, order. ARGV: how many that are found at most, after which place, how many are looked at, the pieces.
 * Returns the total, 1 where there are more to look at, the place of the last that was looked at, and place and record of
 * each that was found.
 */
export const LOOK_THROUGH = script(`
local members, order = KEYS[1], KEYS[2]
local limit, most = tonumber(ARGV[1]), tonumber(ARGV[3])
local reply = { redis.call('ZCARD', order), 0, ARGV[2] }
local ids = redis.call('ZRANGE', order, '(' .. ARGV[2], '+inf', 'BYSCORE', 'LIMIT', 0, most + 1)
local looked = math.min(most, #ids)
local function place(at) return string.format('%d', redis.call('ZSCORE', order, ids[at])) end
for first = 1, looked, 500 do
  local last = math.min(first + 499, looked)
  local records = redis.call('HMGET', members, unpack(ids, first, last))
  for at = first, last do
    local record = records[at - first + 1]
    for piece = 4, #ARGV do
      if record and not string.find(record, ARGV[piece], 1, true) then record = false end
    end
    if record then
      reply[#reply + 1] = place(at)
      reply[#reply + 1] = record
      if #reply == 3 + 2 * limit then
        reply[2], reply[3] = at < #ids and 1 or 0, place(at)
        return reply
      end
    end
  end
end
if looked > 0 then reply[2], reply[3] = looked < #ids and 1 or 0, place(looked) end
return reply
`);

/**
 * Says how many of a node's sessions follow a channel.
 * KEYS: members, subscribers (hash: lease → number). ARGV: lease, number, and leases of the same node that have ended.
 * Returns how many members and nodes with subscribers there are.
 */
export const COUNT = script(`
if tonumber(ARGV[2]) > 0 then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) else redis.call('HDEL', KEYS[2], ARGV[1]) end
for at = 3, #ARGV do redis.call('HDEL', KEYS[2], ARGV[at]) end
return { redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[2]) }
`);

/**
 * KEYS: members and subscribers of each of some channels. Returns for each how many members there are, and subscribers of all
 * nodes.
 */
export const SUMMARIES = script(`
local reply = {}
for at = 1, #KEYS, 2 do
  local subscribers = 0
  for _, count in ipairs(redis.call('HVALS', KEYS[at + 1])) do subscribers = subscribers + (tonumber(count) or 0) end
  reply[at] = redis.call('HLEN', KEYS[at])
  reply[at + 1] = subscribers
end
return reply
`);

/** KEYS: members of each of some channels. Returns how many there are in each. */
export const MEMBER_COUNTS = script(`
local reply = {}
for at, members in ipairs(KEYS) do reply[at] = redis.call('HLEN', members) end
return reply
`);

/** KEYS: subscribers of each of some channels. Returns how many there are of each, on all nodes. */
export const SUBSCRIBER_COUNTS = script(`
local reply = {}
for at, subscribers in ipairs(KEYS) do
  local sum = 0
  for _, count in ipairs(redis.call('HVALS', subscribers)) do sum = sum + (tonumber(count) or 0) end
  reply[at] = sum
end
return reply
`);

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Takes a lease. KEYS: leases (sorted set: lease by its end). ARGV: lease, milliseconds.
 */
export const TAKE = script(`${NOW}
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1
`);

/**
 * Renews a lease that lasts. KEYS: leases. ARGV: lease, milliseconds. Returns 0 where it is not there or has ended:
 * others may be clearing up after it, and it never lasts again.
 */
export const RENEW = script(`${NOW}
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) <= now then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
return 1
`);

/**
 * Takes on clearing up after a lease that has ended: no other node does for so many milliseconds.
 * KEYS: leases, clearing (sorted set: lease by when another may try). ARGV: milliseconds. Returns the lease or ''.
 */
export const CLAIM = script(`${NOW}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE')) do
  local until_ = redis.call('ZSCORE', KEYS[2], id)
  if not until_ or tonumber(until_) <= now then
    redis.call('ZADD', KEYS[2], now + tonumber(ARGV[1]), id)
    return id
  end
end
return ''
`);

/** A lease has been cleared up after. KEYS: leases, clearing. ARGV: lease. */
export const CLEARED = script(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
`);
