import { firstIssues } from "../../domain/issues.ts";
import type { Json } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Catalog } from "../../pipeline/catalog.ts";
import { FRESH_MS } from "../../replica/guard.ts";
import type { ReplicaMap } from "../../replica/maps.ts";
import type { Replica } from "../../replica/replica.ts";
import { createLoader, type LoaderParts } from "./loader.ts";

/** Most entries in one catalog: every process holds all of them. */
export const MOST_ENTRIES = 100_000;

export interface OpenCatalog {
  readonly catalog: Catalog;
  /** Ordered by key. */
  list(query: { after?: string; limit: number }): [key: string, value: Json][];
  /** Looks only in memory. */
  get(key: string): Json | undefined;
  /** Looks in memory, then asks the loader. Rejects with `unavailable` while the loader fails. */
  lookup(key: string): Promise<Json | undefined>;
  /** Rejects with `invalid_options` for a value that does not fit the schema, and with `quota_exceeded`. */
  put(key: string, value: unknown): Promise<Json>;
  /** Rejects with `not_found`. */
  remove(key: string): Promise<void>;
  size(): number;
  version(): number;
  /** Whether the copy in memory may be out of date. */
  isStale(): boolean;
}

export interface Catalogs {
  list(): readonly OpenCatalog[];
  /** Rejects with `not_found`. */
  get(name: string): OpenCatalog;
}

/** Call it before the maps are loaded. */
export function createCatalogs(
  catalogs: readonly Catalog[],
  parts: Omit<LoaderParts, "map"> & { replica: Replica },
): Catalogs {
  const opened = new Map<string, OpenCatalog>();
  for (const catalog of new Set(catalogs)) {
    if (opened.has(catalog.name))
      throw new MillraceError("config_invalid", `Two catalogs are named ${catalog.name}. Rename one.`);
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
      // Stored as given: the schema fills in its defaults on every read.
      await replica.commit([map.set(key, value as Json)]);
      return parsed.data as Json;
    },
    async remove(key) {
      if (map.get(key) === undefined) throw new MillraceError("not_found", "There is no such entry.");
      await replica.commit([map.remove(key)]);
    },
    size: map.size,
    version: map.version,
    isStale: () => map.ageMs() > FRESH_MS,
  };
}

function invalid(issues: readonly { path: PropertyKey[]; message: string }[]): MillraceError {
  const list = firstIssues(issues);
  const text = list.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(" ");
  return new MillraceError("invalid_options", text, { extra: { issues: list } });
}
