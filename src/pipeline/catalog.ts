import type { z } from "zod";

export interface CatalogOptions<Schema extends z.ZodType> {
  /** Lowercase letters, digits, `.` and `-`, such as `characters`. */
  name: string;
  title?: string;
  description?: string;
  /** Schema of one entry, which is JSON. Served as JSON Schema, so describe each field. */
  schema: Schema;
  /**
   * Finds an entry that the catalog does not have, by its key; `undefined` if there is none. It runs once, however many
   * steps in however many processes ask for the key. The result stays in the catalog for `loadedForMs`.
   */
  load?(key: string, signal: AbortSignal): Promise<z.input<Schema> | undefined>;
  /** How long `load` may take. @default 5_000 */
  loadTimeoutMs?: number;
  /** @default 1 hour */
  loadedForMs?: number;
}

/** A map that every process keeps in memory. Admins change it, and steps look up entries in it. */
export interface Catalog<T = unknown> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: z.ZodType<T>;
  readonly load: ((key: string, signal: AbortSignal) => Promise<unknown>) | null;
  readonly loadTimeoutMs: number;
  readonly loadedForMs: number;
}

/**
 * Defines a catalog. Name it in the `catalogs` of the pipelines whose steps use it: `ctx.lookup(catalog, key)`.
 *
 * @example
 * const characters = defineCatalog({ name: "characters", schema: z.object({ title: z.string() }) });
 */
export function defineCatalog<Schema extends z.ZodType>(
  options: CatalogOptions<Schema>,
): Catalog<z.output<Schema>> {
  const { name, title = name, description = "", schema, load, loadTimeoutMs = 5_000 } = options;
  if (!/^[a-z0-9][a-z0-9.-]{0,59}$/.test(name)) {
    throw new TypeError(`The catalog name "${name}" must be lower-case letters, digits, "." and "-".`);
  }
  const loadedForMs = options.loadedForMs ?? 3_600_000;
  for (const [what, ms, least] of [
    ["loadTimeoutMs", loadTimeoutMs, 1],
    ["loadedForMs", loadedForMs, 1_000],
  ] as const) {
    if (!(ms >= least && ms <= 30 * 24 * 3_600_000))
      throw new TypeError(`The ${what} of ${name} must be from ${least} ms to 30 days.`);
  }
  return {
    ...{ name, title, description, loadTimeoutMs, loadedForMs },
    schema: schema as unknown as z.ZodType<z.output<Schema>>,
    load: load ?? null,
  };
}
