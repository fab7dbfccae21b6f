import { sql } from "kysely";
import type { ChoreRecords } from "../../database/chores.ts";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type { ReplicaMap } from "../../replica/maps.ts";
import type { Replica } from "../../replica/replica.ts";

/** Consecutive failures after which the loader is not called for `OPEN_MS`. */
const MOST_FAILURES = 5;
const OPEN_MS = 10_000;
/** How long a missing key is remembered as missing. */
const MISSING_MS = 5_000;
const MOST_MISSING = 10_000;
/** How often a process checks whether it may load, while another one does. */
const LOOK_MS = 200;
const OURS = Symbol("ours");

export interface LoaderParts {
  map: ReplicaMap<Json>;
  replica: Pick<Replica, "commit">;
  chores: Pick<ChoreRecords, "begin" | "abandon">;
  /** The store's clock. */
  now(): number;
}

/** Loads what a catalog does not have, once for all callers in all processes. */
export function createLoader(
  catalog: Catalog,
  parts: LoaderParts,
): (key: string) => Promise<Json | undefined> {
  const { name, loadTimeoutMs, loadedForMs } = catalog;
  if (catalog.load === null) return async () => undefined;
  const load = catalog.load;
  const { map, replica, chores, now } = parts;
  const loading = new Map<string, Promise<Json | undefined>>();
  const missing = new Map<string, number>();
  const breaker = createBreaker(name);

  /** Resolves to `OURS` if this process must load, and otherwise to what another process found. */
  async function turn(chore: string, key: string): Promise<Json | undefined | typeof OURS> {
    const deadline = performance.now() + 2 * loadTimeoutMs;
    while (!(await chores.begin(chore, now(), loadTimeoutMs))) {
      const found = await arrival(map, key, LOOK_MS);
      if (found !== undefined || performance.now() > deadline) return found;
    }
    return OURS;
  }

  async function loadOnce(key: string): Promise<Json | undefined> {
    const chore = `catalog/${name}/${key}`;
    const found = await turn(chore, key);
    if (found !== OURS) return found;
    try {
      const value = await breaker.run(() => inTime(loadTimeoutMs, (signal) => load(key, signal)));
      if (value === undefined) {
        if (missing.size >= MOST_MISSING) missing.clear();
        missing.set(key, performance.now() + MISSING_MS);
        return undefined;
      }
      const parsed = await catalog.schema.parseAsync(value);
      // Does not overwrite what an admin has written in the meantime.
      const when = sql<boolean>`not exists (select 1 from replica_entries where map = ${map.name} and key = ${key}
        and deleted = 0 and (expires_at is null or expires_at > ${now()}))`;
      await replica.commit([map.set(key, value as Json, now() + loadedForMs)], [], { when });
      return map.get(key) ?? (parsed as Json);
    } finally {
      await chores.abandon(chore).catch(() => {});
    }
  }

  return (key) => {
    if ((missing.get(key) ?? 0) > performance.now()) return Promise.resolve(undefined);
    const known = loading.get(key);
    if (known) return known;
    const found = loadOnce(key)
      .catch((cause: unknown) => {
        if (cause instanceof MillraceError && cause.code === "unavailable") throw cause;
        throw new MillraceError("unavailable", `The catalog ${name} could not load "${key}".`, { cause });
      })
      .finally(() => loading.delete(key));
    loading.set(key, found);
    return found;
  };
}

/** The entry, if it arrives within `ms`. */
async function arrival(map: ReplicaMap<Json>, key: string, ms: number): Promise<Json | undefined> {
  const arrived = Promise.withResolvers<void>();
  const ignore = map.onChange(() => {
    if (map.get(key) !== undefined) arrived.resolve();
  });
  const late = setTimeout(arrived.resolve, ms);
  try {
    if (map.get(key) === undefined) await arrived.promise;
    return map.get(key);
  } finally {
    clearTimeout(late);
    ignore();
  }
}

async function inTime<T>(ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => late.reject(new Error(`it took longer than ${ms} ms`)));
  return Promise.race([run(signal), late.promise]);
}

/** A circuit breaker: after `MOST_FAILURES` in a row, lets one call through every `OPEN_MS` until one succeeds. */
function createBreaker(name: string) {
  let failures = 0;
  let openUntil = Number.NEGATIVE_INFINITY;
  return {
    async run<T>(load: () => Promise<T>): Promise<T> {
      const wait = openUntil - performance.now();
      if (wait > 0) {
        const text = `The loader of the catalog ${name} has failed ${failures} times in a row. It will be tried again soon.`;
        throw new MillraceError("unavailable", text, { retryAfter: Math.ceil(wait / 1_000) });
      }
      if (failures >= MOST_FAILURES) openUntil = performance.now() + OPEN_MS;
      try {
        const value = await load();
        failures = 0;
        openUntil = Number.NEGATIVE_INFINITY;
        return value;
      } catch (error) {
        if (++failures >= MOST_FAILURES) openUntil = performance.now() + OPEN_MS;
        throw error;
      }
    },
  };
}
