import { createHash } from "node:crypto";

/** A script that Redis runs as one step. Sent by its digest; in full where the server does not know it yet. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

export function script(source: string): Script {
  return { source, sha1: createHash("sha1").update(source).digest("hex") };
}

/**
 * Milliseconds of the server's clock: nodes may be minutes apart, and what is kept is aged by one clock.
 * `trim` drops what is too much, too large or too old, oldest first, and what somebody else wrote there; returns the bytes
 * that are left. `standing` gives epoch, top and bytes, or nothing where there is no log, or none that can be gone on with.
 */
const COMMON = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function trim(log, bytes, size, maxBytes, bornBefore)
  local length = redis.call('XLEN', log)
  local fits = false
  while length > 0 and not fits do
    -- One more than are too many, so that the one that may stay is seen too; a single command has room for so many.
    local heads = redis.call('XRANGE', log, '-', '+', 'COUNT', math.min(1000, math.max(0, math.ceil(length - size)) + 1))
    local gone = {}
    for _, head in ipairs(heads) do
      local line, at = head[2][2], tonumber(head[2][4] or '')
      fits = at and length <= size and bytes <= maxBytes and at > bornBefore
      if fits then break end
      gone[#gone + 1] = head[1]
      if at then bytes = bytes - #line end
      length = length - 1
    end
    if #gone > 0 then redis.call('XDEL', log, unpack(gone)) end
  end
  if length == 0 then bytes = 0 end
  return bytes
end

local function standing(meta)
  local state = redis.call('HMGET', meta, 'epoch', 'top', 'bytes')
  local top, bytes = tonumber(state[2] or ''), tonumber(state[3] or '')
  if state[1] and top and bytes then return state[1], top, bytes end
end
`;

/**
 * What is done around appending: `append` takes a line and returns its offset ('' without history), or nil and what Redis
 * says; `announced` cuts the log, writes down where it stands and announces the lines.
 *
 * KEYS: meta, log, announcements.
 * ARGV: a new epoch, in case there is none; size, seconds (0: no history); bytes of the log at most; milliseconds for which
 * the log's position outlives it.
 *
 * The first line has Redis refuse all of it when it is out of memory; without, what came after the first change was done.
 */
const APPENDING = `#!lua
${COMMON}
local meta, log, announcements = KEYS[1], KEYS[2], KEYS[3]
local size, seconds, maxBytes, outlive = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local keeps = seconds > 0
local epoch, top, bytes = '', 0, 0
local time = now()
if keeps then
  epoch, top, bytes = standing(meta)
  if not epoch then
    epoch, top, bytes = ARGV[1], 0, 0
    redis.call('DEL', log)
  end
end
local lines = {}
local first = top + 1

local function append(line)
  lines[#lines + 1] = line
  if not keeps then return '' end
  top = top + 1
  local added = redis.pcall('XADD', log, top .. '-0', 'p', line, 't', time)
  if type(added) == 'table' and added.err then
    -- Somebody else wrote to the log: it cannot be gone on with. Anything else is not ours to mend.
    local foreign = string.find(added.err, 'smaller') or string.find(added.err, 'exhausted') or string.find(added.err, 'WRONGTYPE')
    if not foreign then return nil, added end
    epoch, top, bytes, first = ARGV[1], 1, 0, 1
    redis.call('DEL', log)
    redis.call('XADD', log, '1-0', 'p', line, 't', time)
  end
  bytes = bytes + #line
  return tostring(top)
end

local function announced()
  if keeps then
    bytes = trim(log, bytes, size, maxBytes, time - seconds * 1000)
    redis.call('HSET', meta, 'epoch', epoch, 'top', top, 'bytes', bytes)
    redis.call('PEXPIRE', meta, seconds * 1000 + outlive)
    redis.call('PEXPIRE', log, seconds * 1000)
  end
  if #lines > 0 then
    local head = keeps and ('p' .. epoch .. ' ' .. string.format('%d', first)) or 'p'
    redis.call('SPUBLISH', announcements, head .. '\\n' .. table.concat(lines, '\\n'))
  end
end
`;

/**
 * Appends publications to a channel's log and announces them, in one step. KEYS and ARGV as `APPENDING` has them, with
 * history; then the line of each publication, its id and its body.
 *
 * Returns the epoch, the bytes of the log, and the offset of the first.
 */
export const APPEND = script(`${APPENDING}
for at = 6, #ARGV do
  local _, refused = append(ARGV[at])
  if refused then return refused end
end
announced()
return { epoch, bytes, first }
`);

/**
 * The same for publications that may have an idempotency key, also without history. ARGV after those of `APPENDING`: the
 * prefix of idempotency keys; milliseconds for which those live; then for each publication its id, another id for when that
 * is taken, its idempotency key or '', the digest of its content, its body.
 *
 * Returns the epoch, the bytes of the log, and for each publication `new`, `known` or `conflict`, its id, its offset (''
 * without history) and its epoch.
 */
export const APPEND_ONCE = script(`${APPENDING}
local oncePrefix, onceFor = ARGV[6], ARGV[7]
local results = { epoch, 0 }
for at = 8, #ARGV, 5 do
  local id, otherId, once, digest, body = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local known = once ~= '' and redis.call('HMGET', oncePrefix .. once, 'digest', 'id', 'offset', 'epoch')
  if known and known[1] then
    results[#results + 1] = known[1] == digest and 'known' or 'conflict'
    results[#results + 1] = known[2]
    results[#results + 1] = known[3]
    results[#results + 1] = known[4]
  else
    if once ~= '' and not redis.call('SET', oncePrefix .. 'id ' .. id, '', 'NX', 'PX', onceFor) then id = otherId end
    local offset, refused = append(id .. ' ' .. body)
    if refused then return refused end
    if once ~= '' then
      redis.call('HSET', oncePrefix .. once, 'digest', digest, 'id', id, 'offset', offset, 'epoch', epoch)
      redis.call('PEXPIRE', oncePrefix .. once, onceFor)
    end
    results[#results + 1] = 'new'
    results[#results + 1] = id
    results[#results + 1] = offset
    results[#results + 1] = epoch
  end
end
announced()
results[2] = bytes
return results
`);

/**
 * Reads a part of a channel's log.
 *
 * KEYS: meta, log.
 * ARGV: a new epoch, in case there is none; size, seconds ('': as they are); milliseconds for which the position outlives the
 * log; events at most; epoch and offset after which, or ''.
 *
 * Returns epoch, top, the offset of the oldest event that is kept (top + 1 where none is), and then the offset and the line
 * of each event.
 */
export const HISTORY = script(`${COMMON}
local meta, log = KEYS[1], KEYS[2]
local size, seconds, outlive, limit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local epoch, top, bytes = standing(meta)
if not epoch then
  epoch, top, bytes = ARGV[1], 0, 0
  redis.call('DEL', log)
  redis.call('HSET', meta, 'epoch', epoch, 'top', 0, 'bytes', 0)
end
if seconds then
  local left = trim(log, bytes, size, math.huge, now() - seconds * 1000)
  if left ~= bytes then redis.call('HSET', meta, 'bytes', left) end
end
local lives = (seconds or 0) * 1000 + outlive
if redis.call('PTTL', meta) < lives then redis.call('PEXPIRE', meta, lives) end
local head = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local first = head and tonumber(string.match(head[1], '^%d+')) or top + 1
local reply = { epoch, tostring(top), tostring(first) }
if limit > 0 then
  local entries
  if ARGV[6] == '' then
    local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', limit)
    entries = {}
    for at = #newest, 1, -1 do entries[#entries + 1] = newest[at] end
  else
    local from = ARGV[6] == epoch and tonumber(ARGV[7]) + 1 or 0
    entries = redis.call('XRANGE', log, string.format('%d', from) .. '-0', '+', 'COUNT', limit)
  end
  for _, entry in ipairs(entries) do
    reply[#reply + 1] = string.match(entry[1], '^%d+')
    reply[#reply + 1] = entry[2][2]
  end
end
return reply
`);

/** Cuts a log to so many bytes, oldest first. KEYS: meta, log. ARGV: bytes. */
export const CUT = script(`${COMMON}
local meta, log = KEYS[1], KEYS[2]
local epoch, top, bytes = standing(meta)
if epoch then redis.call('HSET', meta, 'bytes', trim(log, bytes, math.huge, tonumber(ARGV[1]), -math.huge)) end
return 0
`);
