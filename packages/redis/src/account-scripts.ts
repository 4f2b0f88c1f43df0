import { script } from "./scripts.ts";

/**
 * The account of a tenant's logs. KEYS of both scripts: channels (sorted set: until when their positions are remembered),
 * ages (sorted set: when the log of a channel has aged, which is in the order of the last appends), bytes (hash: of each
 * log, and under '' of all).
 */
const ACCOUNT = `
local channels, ages, bytes = KEYS[1], KEYS[2], KEYS[3]
local clock = redis.call('TIME')
local time = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;

/**
 * Lets channels have a log, as far as there is room. ARGV: channels that a tenant may have, milliseconds for which one is
 * remembered, the channels. Returns 1 or 0 for each.
 */
export const ADMIT = script(`${ACCOUNT}
redis.call('ZREMRANGEBYSCORE', channels, '-inf', time)
local most, lives = tonumber(ARGV[1]), tonumber(ARGV[2])
local count = redis.call('ZCARD', channels)
local reply = {}
for at = 3, #ARGV do
  local there = redis.call('ZSCORE', channels, ARGV[at])
  if not there and count < most then
    redis.call('ZADD', channels, time + lives, ARGV[at])
    count, there = count + 1, true
  end
  reply[#reply + 1] = there and 1 or 0
end
if count > 0 and redis.call('PTTL', channels) < lives then redis.call('PEXPIRE', channels, lives) end
return reply
`);

/**
 * Writes down how large logs are. ARGV: bytes that a tenant may have, milliseconds for which a position outlives its log;
 * then for each channel its name, the bytes of its log, milliseconds for which that lives.
 *
 * Returns the bytes of all, and where they were too many, the channels whose logs are to be cut and to how many bytes:
 * those that were appended to the longest time ago. They are in the account as if that were done.
 */
export const GROW = script(`${ACCOUNT}
local most, outlive = tonumber(ARGV[1]), tonumber(ARGV[2])
local total = tonumber(redis.call('HGET', bytes, '') or '0')
local function set(channel, size)
  total = total + size - tonumber(redis.call('HGET', bytes, channel) or '0')
  if size > 0 then
    redis.call('HSET', bytes, channel, size)
  else
    redis.call('HDEL', bytes, channel)
    redis.call('ZREM', ages, channel)
  end
end
for _, channel in ipairs(redis.call('ZRANGEBYSCORE', ages, '-inf', time)) do set(channel, 0) end
local longest = 0
for at = 3, #ARGV, 3 do
  local channel, size, lives = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  redis.call('ZADD', ages, time + lives, channel)
  redis.call('ZADD', channels, time + lives + outlive, channel)
  set(channel, size)
  longest = math.max(longest, lives)
end
local reply = { '' }
while total > most and #reply < 2000 do
  local channel = redis.call('ZRANGE', ages, 0, 0)[1]
  if not channel then
    total = 0
    break
  end
  local left = math.max(0, tonumber(redis.call('HGET', bytes, channel) or '0') - (total - most))
  reply[#reply + 1] = channel
  reply[#reply + 1] = tostring(left)
  set(channel, left)
end
redis.call('HSET', bytes, '', total)
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < longest + outlive then redis.call('PEXPIRE', key, longest + outlive) end
end
reply[1] = tostring(total)
return reply
`);
