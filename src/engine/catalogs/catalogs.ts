import { firstIssues } from "../../domain/issues.ts";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import type { Written } from "../../replica/changes.ts";
import { FRESH_MS } from "../../replica/guard.ts";
import type { ReplicaMap } from "../../replica/maps.ts";
import type { Replica } from "../../replica/replica.ts";
import { createLoader, type LoaderParts } from "./loader.ts";

/** Entries of one catalog: all processes hold all of them. */
export const MOST_ENTRIES = 100_000;

export interface OpenCatalog {
  readonly catalog: Catalog;
  /** By key. */
  list(query: { after?: string; limit: number }): [key: string, value: Json][];
  /** In memory. */
  get(key: string): Json | undefined;
  /** Also asks the loader. Rejects with `unavailable` while that fails. */
  lookup(key: string): Promise<Json | undefined>;
  /** Rejects with `invalid_options` for a value that does not fit, and `quota_exceeded`. */
  put(key: string, value: unknown): Promise<{ value: Json; written: Written }>;
  /** Rejects with `not_found`. */
  remove(key: string): Promise<Written>;
  size(): number;
  version(): number;
  /** What is in memory may not be the newest. */
  isStale(): boolean;
}

export interface Catalogs {
  list(): readonly OpenCatalog[];
  /** Rejects with `not_found`. */
  get(name: string): OpenCatalog;
}

/** Called before the maps are loaded. */
export function createCatalogs(
  catalogs: readonly Catalog[],
  parts: Omit<LoaderParts, "map"> & { replica: Replica },
): Catalogs {
  const opened = new Map<string, OpenCatalog>();
  for (const catalog of new Set(catalogs)) {
    if (opened.has(catalog.name))
      throw new MillraceError(
        "config_invalid",
        `There are two catalogs ${catalog.name}: give one another name.`,
      );
    opened.set(catalog.name, openCatalog(catalog, parts));
  }
  return {
    list: () => [...opened.values()],
    get(name) {
      const found = opened.get(name);
      if (found) return found;
      throw new MillraceError("not_found", "There is no such catalog.");
    },
  };
}

function openCatalog(catalog: Catalog, parts: Omit<LoaderParts, "map"> & { replica: Replica }): OpenCatalog {
  const { replica } = parts;
  const map: ReplicaMap<Json> = replica.map(
    `catalog.${catalog.name}`,
    (value) => catalog.schema.parse(value) as Json,
  );
  const load = createLoader(catalog, { ...parts, map });
  return {
    catalog,
    list({ after = "", limit }) {
      const keys = map
        .entries()
        .map(([key]) => key)
        .filter((key) => key > after)
        .toArray()
        .sort();
      return keys.slice(0, limit).map((key) => [key, map.get(key)!]);
    },
    get: map.get,
    async lookup(key) {
      return map.get(key) ?? load(key);
    },
    async put(key, value) {
      const parsed = await catalog.schema.safeParseAsync(value);
      if (!parsed.success) throw invalid(parsed.error.issues);
      if (map.size() >= MOST_ENTRIES && map.get(key) === undefined) {
        const text = `The catalog has ${MOST_ENTRIES} entries, which is the limit.`;
        throw new MillraceError("quota_exceeded", text, {
          ...{ retryable: false, extra: { quota: "catalog_entries", limit: MOST_ENTRIES } },
        });
      }
      // As it was given: the schema fills its defaults in wherever it is read.
      const { written } = await replica.commit([map.set(key, value as Json)]);
      return { value: parsed.data as Json, written };
    },
    async remove(key) {
      if (map.get(key) === undefined) throw new MillraceError("not_found", "There is no such entry.");
      return (await replica.commit([map.remove(key)])).written;
    },
    size: map.size,
    version: map.version,
    isStale: () => map.ageMs() > FRESH_MS,
  };
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): MillraceError {
  const list = firstIssues(issues);
  const text = list.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  return new MillraceError("invalid_options", text, { extra: { issues: list } });
}
