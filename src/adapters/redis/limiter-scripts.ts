import { LEARNED_MS, LONGEST_RESET_MS } from "../../domain/budgets.ts";
import { script } from "./scripts.ts";

/*
 * The rules of `domain/budgets.ts`, run where the budgets are. Numbers are kept with all their digits; where
 * Lua's are handed out as integers, a text stands for those that are none.
 */
const rules = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000

local function read(key, limit, per, burst)
  local field = redis.call('HMGET', key, 'used', 'at', 'left', 'until', 'learned')
  local b = { key = key, limit = tonumber(limit), per = tonumber(per), burst = tonumber(burst) }
  b.left, b.till, b.learned = tonumber(field[3]) or 0, tonumber(field[4]) or 0, tonumber(field[5])
  b.most = math.min(b.burst, b.learned or b.burst)
  b.each = b.per / math.min(b.limit, b.learned or b.limit)
  local back = math.max(0, now - (tonumber(field[2]) or now)) / b.each
  b.used = math.max(0, (tonumber(field[1]) or 0) - back)
  return b
end

local function adopt(b, limit)
  b.learned = limit
  b.most = math.min(b.burst, limit)
  b.each = b.per / math.min(b.limit, limit)
end

local function keep(b)
  local idle = math.max(b.used * b.each, b.till - now, b.learned and ${LEARNED_MS} or 0)
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
  redis.call('HSET', b.key, unpack(fields))
  redis.call('PEXPIRE', b.key, string.format('%.0f', math.min(math.ceil(idle), 1e12)))
end
`;

/** KEYS: budgets. ARGV: limit, ms, burst and amount of each. Answers ms to wait, or 0; then which is too large. */
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

/** KEYS: budget. ARGV: limit, ms, burst, remaining, ms until the reset or nothing, limit or nothing. */
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
