import { MillraceError } from "../errors.ts";
import type { KeyOf, ReplicaMap, ReplicaSet } from "./maps.ts";
import type { Found, Replica } from "./replica.ts";

/** Up to this age, the data in memory is used. */
export const FRESH_MS = 1_000;
/** How long the store may take to answer instead. */
const ANSWER_MS = 500;
/** How long a store that did not answer is left alone. */
const AWAY_MS = 500;

/** Values of keys, from memory or from the store. */
export interface Reading {
  has(set: ReplicaSet, key: string): boolean;
  get<T>(map: ReplicaMap<T>, key: string): T | undefined;
  /** The last known state: the store does not answer, and the operator prefers this to no answer. */
  readonly isStale: boolean;
}

/** Reads maps that decisions depend on, and does not trust data that may be too old. */
export interface Guard {
  /** The data in memory; `null` if it may be older than `FRESH_MS`. */
  fresh(): Reading | null;
  /**
   * Asks the store. If it does not answer, falls back to the data in memory, provided it is not older than the operator
   * allows. Otherwise rejects with `unavailable`: nobody is denied access for lack of data.
   */
  ask(keys: readonly KeyOf[]): Promise<Reading>;
  /** Maximum age of the data in memory, ms. */
  ageMs(): number;
  isStale(): boolean;
}

/** @param maps maps to watch @param maxStaleMs maximum age of the last known state, while the store is down */
export function createGuard(
  replica: Pick<Replica, "find">,
  maps: readonly { ageMs(): number }[],
  maxStaleMs: number = FRESH_MS,
): Guard {
  const ask = asker(replica);
  let awayUntil = Number.NEGATIVE_INFINITY;
  const ageMs = () => Math.max(0, ...maps.map((map) => map.ageMs()));

  return {
    ageMs,
    isStale: () => ageMs() > FRESH_MS,
    fresh: () => (maps.every((map) => map.ageMs() <= FRESH_MS) ? memory : null),
    async ask(keys) {
      try {
        if (performance.now() < awayUntil) throw new Error("the store did not respond a moment ago");
        return readingOf(await ask(keys));
      } catch (error) {
        if (performance.now() >= awayUntil) awayUntil = performance.now() + AWAY_MS;
        if (ageMs() <= maxStaleMs) return { ...memory, isStale: true };
        const text = "It is not possible at present to check whether access was revoked.";
        throw new MillraceError("unavailable", text, { retryAfter: 1, cause: error });
      }
    },
  };
}

const memory: Reading = {
  has: (set, key) => set.has(key),
  get: (map, key) => map.get(key),
  isStale: false,
};

function readingOf(found: readonly Found[]): Reading {
  const values = new Map(found.map(({ map, key, value }) => [`${map} ${key}`, value ?? ""]));
  return {
    // The store may have lost a revocation that this process has seen.
    has: (set, key) => values.has(`${set.name} ${key}`) || set.has(key),
    get(map, key) {
      const json = values.get(`${map.name} ${key}`);
      return json === undefined ? undefined : map.read(json);
    },
    isStale: false,
  };
}

/** Batches questions: callers during a query share the next one. */
function asker(replica: Pick<Replica, "find">) {
  let next: { keys: KeyOf[]; found: Promise<Found[]> } | null = null;
  let asking: Promise<unknown> = Promise.resolve();

  return (keys: readonly KeyOf[]): Promise<Found[]> => {
    if (!next) {
      const question: KeyOf[] = [];
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => late.reject(new Error(`the store did not answer within ${ANSWER_MS} ms`)),
        ANSWER_MS,
      );
      const found = asking.then(() => {
        next = null;
        return replica.find(question);
      });
      const answer = Promise.race([found, late.promise]).finally(() => clearTimeout(timer));
      // A store that never answers delays the next question only as long as this one.
      asking = answer.catch(() => {});
      next = { keys: question, found: answer };
    }
    next.keys.push(...keys);
    return next.found;
  };
}
