import { type PackedKeys, packedKeys } from "./packed-keys.ts";

/** The in-memory contents of a map, filled from its log. */
export interface Entries {
  /** @param value JSON; `null`: the key was removed */
  put(key: string, value: string | null, expiresAt: number | null): void;
  size(): number;
  /** Drops some of what has expired. Call it repeatedly. */
  prune(now: number): void;
  /**
   * An empty replacement, swapped in once it is filled.
   * @param keeping start with the entries that are still valid: the log went backward and may have lost some of them
   */
  renew(now: number, keeping: boolean): Entries;
}

/** Keys that expire and have no value. */
export interface KeyEntries extends Entries {
  has(key: string, now: number): boolean;
  bytes(): number;
}

/** A revoked key stays revoked when the log goes backward. */
export function keyEntries(keys: PackedKeys = packedKeys()): KeyEntries {
  return {
    put(key, value, expiresAt) {
      if (value === null) keys.remove(key);
      else keys.add(key, expiresAt);
    },
    has: keys.has,
    size: keys.size,
    bytes: keys.bytes,
    prune: keys.prune,
    renew(now, keeping) {
      const next = packedKeys();
      if (keeping) next.merge(keys, now);
      return keyEntries(next);
    },
  };
}

export interface ValueEntries<T> extends Entries {
  get(key: string, now: number): T | undefined;
  all(now: number): IteratorObject<[key: string, value: T]>;
}

/**
 * Values as the map's own type.
 * @param parse throws for a value that does not fit the map: such an entry counts as missing
 * @param onInvalid called for such entries
 */
export function valueEntries<T>(
  parse: (value: unknown) => T,
  onInvalid: (key: string, error: unknown) => void,
): ValueEntries<T> {
  const values = new Map<string, T>();
  /** Only for the few entries that have one. */
  const expiries = new Map<string, number>();
  const isOver = (key: string, now: number) =>
    expiries.size > 0 && (expiries.get(key) ?? Number.POSITIVE_INFINITY) <= now;

  return {
    put(key, value, expiresAt) {
      values.delete(key);
      expiries.delete(key);
      if (value === null) return;
      try {
        values.set(key, parse(JSON.parse(value)));
        if (expiresAt !== null) expiries.set(key, expiresAt);
      } catch (error) {
        onInvalid(key, error);
      }
    },
    get: (key, now) => (isOver(key, now) ? undefined : values.get(key)),
    all: (now) => values.entries().filter(([key]) => !isOver(key, now)),
    size: () => values.size,
    prune(now) {
      for (const [key, expiresAt] of expiries) {
        if (expiresAt > now) continue;
        values.delete(key);
        expiries.delete(key);
      }
    },
    renew: () => valueEntries(parse, onInvalid),
  };
}
