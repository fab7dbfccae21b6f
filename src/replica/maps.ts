import type { EntryChange } from "../database/replica.ts";
import type { KeyEntries, ValueEntries } from "./entries.ts";
import type { Follower } from "./follower.ts";

/** A change to a key of a map, for `Replica.commit`. */
export interface Change extends EntryChange {
  map: string;
}

/** A key of a map. */
export interface KeyOf {
  map: string;
  key: string;
}

/** What all maps have in common. */
export interface Followed {
  readonly name: string;
  version(): number;
  size(): number;
  /** For how long the log may have had something newer, ms; infinite until loaded. */
  ageMs(): number;
  /** Calls back with the keys that changed; `null`: any may have. Returns an unsubscribe function. */
  onChange(listener: Listener): () => void;
  /** The change that removes the key. */
  remove(key: string): Change;
}

export type Listener = (keys: readonly string[] | null) => void;

export interface ReplicaMap<T> extends Followed {
  get(key: string): T | undefined;
  entries(): IteratorObject<[key: string, value: T]>;
  /** @param expiresAt when it expires, ms since the epoch by the store's clock */
  set(key: string, value: T, expiresAt?: number | null): Change;
  /** Parses a value from the log; `undefined` if it does not fit the map. */
  read(json: string): T | undefined;
}

/** Keys without values, which take little memory. */
export interface ReplicaSet extends Followed {
  has(key: string): boolean;
  bytes(): number;
  /** @param expiresAt as for maps */
  add(key: string, expiresAt: number | null): Change;
}

export function valueMap<T>(
  common: Followed,
  follower: Follower<ValueEntries<T>>,
  now: () => number,
  parse: (value: unknown) => T,
): ReplicaMap<T> {
  return {
    ...common,
    get: (key) => follower.entries().get(key, now()),
    entries: () => follower.entries().all(now()),
    set(key, value, expiresAt = null) {
      return { map: common.name, key, value: JSON.stringify(value), expiresAt };
    },
    read(json) {
      try {
        return parse(JSON.parse(json));
      } catch {
        return undefined;
      }
    },
  };
}

export function keySet(common: Followed, follower: Follower<KeyEntries>, now: () => number): ReplicaSet {
  return {
    ...common,
    has: (key) => follower.entries().has(key, now()),
    bytes: () => follower.entries().bytes(),
    add: (key, expiresAt) => ({ map: common.name, key, value: "1", expiresAt }),
  };
}
