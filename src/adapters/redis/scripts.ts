import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** A script cached by the server; its source is sent only if the server does not know it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

export async function runScript(
  redis: Redis,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return redis.eval(script.source, keys.length, ...keys, ...args);
  }
}

export function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/*
 * An entry belongs to the consumer whose pending list contains it. XACK alone does not check that, so each script does.
 * They return one number per entry: 1 done, 0 no longer this consumer's.
 */

/** KEYS: stream. ARGV: group, consumer, entry ids. */
export const ackScript = script(`
local owned, out = {}, {}
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) == 1 then
    owned[#owned + 1] = ARGV[i]
    out[i - 2] = 1
  else
    out[i - 2] = 0
  end
end
if #owned > 0 then
  redis.call('XACK', KEYS[1], ARGV[1], unpack(owned))
  redis.call('XDEL', KEYS[1], unpack(owned))
end
return out
`);

/**
 * Moves entries to the end of a stream (the same one, or the dead letters), keeping their delivery counts. KEYS:
 * stream, target. ARGV: group, consumer, longest target or 0, pairs of id and count.
 */
export const moveScript = script(`
local out = {}
for i = 4, #ARGV, 2 do
  local id = ARGV[i]
  local done = 0
  if #redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1, ARGV[2]) == 1 then
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry then
      local fields = entry[2]
      if ARGV[3] == '0' then
        redis.call('XADD', KEYS[2], '*', 'i', fields[2], 'p', fields[4], 'n', ARGV[i + 1])
      else
        redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'i', fields[2], 'p', fields[4], 'n', ARGV[i + 1])
      end
      done = 1
    end
    redis.call('XACK', KEYS[1], ARGV[1], id)
    redis.call('XDEL', KEYS[1], id)
  end
  out[#out + 1] = done
end
return out
`);

/** Resets the idle time of entries. KEYS: stream. ARGV: group, consumer, entry ids. */
export const extendScript = script(`
local out = {}
for i = 3, #ARGV do
  if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1, ARGV[2]) == 1 then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
    out[i - 2] = 1
  else
    out[i - 2] = 0
  end
end
return out
`);

/**
 * Removes consumers that hold nothing and have not been seen for a while; removing one that holds entries would lose
 * them. KEYS: stream. ARGV: group, idle ms, consumer to remove anyway.
 */
export const forgetScript = script(`
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local field = {}
  for i = 1, #consumer, 2 do field[consumer[i]] = consumer[i + 1] end
  if field.pending == 0 and (field.name == ARGV[3] or field.idle > tonumber(ARGV[2])) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], field.name)
  end
end
return 1
`);
