import { sql } from "kysely";
import type { ChoreRecords } from "../../database/chores.ts";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type { ReplicaMap } from "../../replica/maps.ts";
import type { Replica } from "../../replica/replica.ts";

/** Failures in a row after which nobody is sent to the loader for a while. */
const MOST_FAILURES = 5;
const OPEN_MS = 10_000;
/** How long a key for which there was nothing is not looked for again. */
const MISSING_MS = 5_000;
const MOST_MISSING = 10_000;
/** How often a process looks whether it is its turn, while another one loads. */
const LOOK_MS = 200;
const OURS = Symbol("ours");

export interface LoaderParts {
  map: ReplicaMap<Json>;
  replica: Pick<Replica, "commit">;
  chores: Pick<ChoreRecords, "begin" | "abandon">;
  /** The store's clock. */
  now(): number;
}

/** Finds what a catalog does not have: once for all who ask, in this process and in all others. */
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

  /** Whether it is this process that loads; otherwise what another one has found. */
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
      // What an admin has written meanwhile stays.
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

/** The entry, should it come within `ms`. */
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

/** After `MOST_FAILURES` in a row, one in `OPEN_MS` is let through until one succeeds. */
function createBreaker(name: string) {
  let failures = 0;
  let openUntil = Number.NEGATIVE_INFINITY;
  return {
    async run<T>(load: () => Promise<T>): Promise<T> {
      const wait = openUntil - performance.now();
      if (wait > 0) {
        const text = `The loader of the catalog ${name} has failed ${failures} times in a row; it is tried again soon.`;
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
