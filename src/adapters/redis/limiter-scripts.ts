import { LEARNED_MS, LONGEST_RESET_MS, RECOVERY_MS } from "../../domain/budgets.ts";
import { script } from "./scripts.ts";

/*
 * The rules of `domain/budgets.ts`, executed inside Redis. Numbers keep all their digits; non-integers are returned as
 * text, because Redis truncates Lua numbers to integers.
 */
const rules = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000

local function pace_of(b, time)
  return math.min(1, b.pace + math.max(0, time - b.paced) / ${RECOVERY_MS})
end

local function set_each(b)
  b.each = b.per / math.min(b.limit, b.learned or b.limit) / pace_of(b, now)
end

-- The time since then, each instant of it weighed by the pace.
local function paced_ms(b, from)
  local slow = math.max(from, math.min(now, b.paced + (1 - b.pace) * ${RECOVERY_MS}))
  return (pace_of(b, from) + pace_of(b, slow)) / 2 * (slow - from) + now - slow
end

local function read(key, limit, per, burst)
  local field = redis.call('HMGET', key, 'used', 'at', 'left', 'until', 'learned', 'pace', 'paced')
  local b = { key = key, limit = tonumber(limit), per = tonumber(per), burst = tonumber(burst) }
  b.left, b.till, b.learned = tonumber(field[3]) or 0, tonumber(field[4]) or 0, tonumber(field[5])
  b.most = math.min(b.burst, b.learned or b.burst)
  b.pace, b.paced = tonumber(field[6]) or 1, tonumber(field[7]) or 0
  local whole = b.per / math.min(b.limit, b.learned or b.limit)
  set_each(b)
  local back = paced_ms(b, math.min(now, tonumber(field[2]) or now)) / whole
  b.used = math.max(0, (tonumber(field[1]) or 0) - back)
  return b
end

local function adopt(b, limit)
  b.learned = limit
  b.most = math.min(b.burst, limit)
  set_each(b)
end

local function keep(b)
  local idle = math.max(b.used * b.each, b.till - now, b.learned and ${LEARNED_MS} or 0,
    b.pace < 1 and b.paced + (1 - b.pace) * ${RECOVERY_MS} - now or 0)
  if idle <= 0 then
    redis.call('DEL', b.key)
    return
  end
  local fields = {}
  local function put(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = string.format('%.17g', value)
  end
  put('used', b.used)
  put('at', now)
  if b.till > now then
    put('left', b.left)
    put('until', b.till)
  end
  if b.learned then put('learned', b.learned) end
  if b.pace < 1 then
    put('pace', b.pace)
    put('paced', b.paced)
  end
  redis.call('HSET', b.key, unpack(fields))
  redis.call('PEXPIRE', b.key, string.format('%.0f', math.min(math.ceil(idle), 1e12)))
end
`;

/** KEYS: budgets. ARGV: limit, ms, burst and amount of each. Returns ms to wait, or 0; then which is too large. */
export const takeScript = script(`${rules}
local after, wait = {}, 0
for i, key in ipairs(KEYS) do
  local b = read(key, ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1])
  local amount = tonumber(ARGV[4 * i])
  if amount > b.most then return { 0, i, string.format('%.17g', b.most) } end
  b.used = b.used + amount
  wait = math.max(wait, (b.used - b.most) * b.each)
  if now < b.till and b.left < amount then wait = math.max(wait, b.till - now) end
  b.left = b.left - amount
  after[i] = b
end
if wait > 0.001 then return { math.ceil(wait - 0.001) } end
for _, b in ipairs(after) do keep(b) end
return { 0 }
`);

/** KEYS: budget. ARGV: limit, ms, burst, delta. */
export const correctScript = script(`${rules}
local b = read(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
b.used = math.max(0, b.used + ARGV[4])
b.left = b.left - ARGV[4]
keep(b)
`);

/** KEYS: budget. ARGV: limit, ms, burst, remaining, ms until the reset or empty, limit or empty. */
export const learnScript = script(`${rules}
local b = read(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
local remaining, reset, limit = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if limit then adopt(b, limit) end
if not reset then
  b.used = math.max(b.used, b.most - remaining)
elseif reset > 0 then
  b.left = now < b.till and math.min(b.left, remaining) or remaining
  b.till = math.max(b.till, now + math.min(reset, ${LONGEST_RESET_MS}))
end
keep(b)
`);

/**
 * KEYS: budgets. ARGV: limit, ms, burst and amount of each, then the longest wait in ms. Returns whether it is booked,
 * and ms.
 */
export const reserveScript = script(`${rules}
local after, wait = {}, 0
for i, key in ipairs(KEYS) do
  local b = read(key, ARGV[4 * i - 3], ARGV[4 * i - 2], ARGV[4 * i - 1])
  local amount = tonumber(ARGV[4 * i])
  b.used = b.used + amount
  wait = math.max(wait, (b.used - b.most) * b.each)
  if now < b.till and b.left < amount then wait = math.max(wait, b.till - now) end
  b.left = b.left - amount
  after[i] = b
end
wait = math.ceil(wait)
if wait > tonumber(ARGV[#ARGV]) then return { 0, string.format('%.0f', wait) } end
for _, b in ipairs(after) do keep(b) end
return { 1, string.format('%.0f', wait) }
`);

/** KEYS: budget. ARGV: limit, ms, burst, ms until a retry, decrease, least pace, calm ms. */
export const slowScript = script(`${rules}
local b = read(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
if b.pace >= 1 or now - b.paced >= tonumber(ARGV[7]) then
  b.pace = math.max(tonumber(ARGV[6]), pace_of(b, now) * tonumber(ARGV[5]))
  b.paced = now
  set_each(b)
end
b.used = math.max(b.used, b.most + tonumber(ARGV[4]) / b.each)
keep(b)
`);

/*
 * A room has three keys: holders by when their hold lapses (sorted set), waiters by when they are due back (sorted
 * set), and the start of each hold, with the mean (hash).
 */
const room = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local held, waiting, facts = KEYS[1], KEYS[2], KEYS[3]
local id = ARGV[1]
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', held, '-inf', now)) do redis.call('HDEL', facts, 'since ' .. gone) end
redis.call('ZREMRANGEBYSCORE', held, '-inf', now)
redis.call('ZREMRANGEBYSCORE', waiting, '-inf', now)
local mean = tonumber(redis.call('HGET', facts, 'mean')) or tonumber(ARGV[2])
local function expire(ms)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, ms) end
  end
end
`;

/**
 * KEYS: see above. ARGV: id, first mean, limit, hold ms, least wait, how late it may come. Returns ms to wait, or 0.
 */
export const holdScript = script(`${room}
local ttl = tonumber(ARGV[4])
redis.call('ZREM', waiting, id)
local own = redis.call('ZSCORE', held, id)
if own or redis.call('ZCARD', held) < tonumber(ARGV[3]) then
  redis.call('ZADD', held, now + ttl, id)
  if not own then redis.call('HSET', facts, 'since ' .. id, now) end
  expire(ttl)
  return 0
end
local wait = math.max(tonumber(ARGV[5]), math.ceil((redis.call('ZCARD', waiting) + 1) / tonumber(ARGV[3]) * mean))
redis.call('ZADD', waiting, now + wait + tonumber(ARGV[6]), id)
expire(wait + tonumber(ARGV[6]))
return wait
`);

/** KEYS: see above. ARGV: id, first mean, weight of the last hold. */
export const releaseScript = script(`${room}
local since = tonumber(redis.call('HGET', facts, 'since ' .. id))
redis.call('ZREM', waiting, id)
redis.call('HDEL', facts, 'since ' .. id)
if redis.call('ZREM', held, id) == 1 and since then
  redis.call('HSET', facts, 'mean', string.format('%.17g', mean + tonumber(ARGV[3]) * (now - since - mean)))
  expire(1000)
end
return 0
`);
