import { readFileSync } from "node:fs";
import { defineCatalog } from "millrace";
import { parse } from "yaml";
import { z } from "zod";

const text = z.object({ ko: z.string().min(1).max(200), en: z.string().min(1).max(200) });

const character = z.object({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/)
    .describe("By which it is known once it was granted: do not change it."),
  name: text,
  motto: text,
  image: z
    .string()
    .regex(/^[a-z0-9-]+\.svg$/)
    .describe("A file in page/characters."),
});
export type Character = z.output<typeof character>;

/** Initial contents of the catalogs. Admins change entries with `PUT /v1/catalogs/…`, and changed entries are kept. */
const seed = () => parse(readFileSync(new URL("./characters.yaml", import.meta.url), "utf8"));
const entryOf = (part: "characters" | "defaults") => async (key: string) => {
  const entries: Record<string, Character> = seed()[part];
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
};

/** Materials with an initial character. */
export const seededMaterials = (): string[] => Object.keys(seed().characters);

/** Characters that users are granted, by material. */
export const characters = defineCatalog({
  name: "recycling.characters",
  title: "Characters",
  description: "By material: who joins whoever recycles it.",
  schema: character,
  load: entryOf("characters"),
});

/** Fallback records, such as `character` for materials without one. */
export const defaults = defineCatalog({
  name: "recycling.defaults",
  title: "Default records",
  schema: character,
  load: entryOf("defaults"),
});
export const DEFAULT_CHARACTER = "character";
