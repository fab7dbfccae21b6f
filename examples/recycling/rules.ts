import { readdirSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import {
  type Condition,
  conditionNames,
  conditions,
  type ItemName,
  itemNames,
  items,
  type Language,
  type Material,
  materialNames,
  materialOf,
  materials,
} from "./taxonomy.ts";

/*
 * One YAML file per region. A region may be inside another, from which it inherits missing rules. A rule for an item
 * takes precedence over one for its material.
 */

const text = z.strictObject({ ko: z.string().min(1), en: z.string().min(1) });
const day = z.iso.date();

const source = z
  .strictObject({ title: z.string(), url: z.url(), published: day.optional(), read: day.optional() })
  .refine(({ published, read }) => (published === undefined) !== (read === undefined), {
    error: "A source has either the date when it was published or when it was read.",
  });

const rule = z
  .strictObject({
    item: z.enum(itemNames).optional(),
    material: z.enum(materialNames).optional(),
    bin: text,
    do: z.array(text).min(1),
    dont: z.array(text),
    when: z.partialRecord(z.enum(conditionNames), text).default({}),
    source: z.string(),
  })
  .refine(({ item, material }) => (item === undefined) !== (material === undefined), {
    error: "A rule is for an item or for a material.",
  });

const regionFile = z
  .strictObject({
    region: z.string().regex(/^[a-z-]+$/),
    within: z.string().optional(),
    name: text,
    authority: text,
    sources: z.record(z.string(), source),
    rules: z.array(rule).min(1),
  })
  .refine(({ sources, rules }) => rules.every((one) => one.source in sources), {
    error: "A rule names a source that the file does not have.",
  });

type RegionFile = z.output<typeof regionFile>;
type Rule = RegionFile["rules"][number];

/** A rule in one language, as passed between steps. `steps` is empty if the region has no rule. */
export type FoundRule = {
  item: string;
  material: string;
  region: string;
  regionName: string;
  authority: string;
  bin: string | null;
  do: string[];
  dont: string[];
  /** How the given conditions change the rule. */
  when: { condition: string; text: string }[];
  source: { title: string; url: string; date: string; isPublished: boolean } | null;
};

const folder = new URL("./rules/", import.meta.url);
const files: RegionFile[] = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length))
  .sort()
  .map(readRegion);

export const regionNames = files.map(({ region }) => region) as [string, ...string[]];

function readRegion(name: string): RegionFile {
  const parsed = regionFile.safeParse(parse(readFileSync(new URL(`${name}.yaml`, folder), "utf8")));
  if (!parsed.success) throw new Error(`rules/${name}.yaml: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function regions(language: Language): { region: string; name: string }[] {
  return files.map(({ region, name }) => ({ region, name: name[language] }));
}

function regionOf(name: string): RegionFile {
  const found = files.find(({ region }) => region === name);
  if (!found) throw new Error(`There are no rules for the region "${name}".`);
  return found;
}

/** Finds the rule for an item in a region, under the given conditions, in one language. */
export function findRule(query: {
  region: string;
  item: ItemName;
  conditions: readonly Condition[];
  language: Language;
}): FoundRule {
  const { item, language } = query;
  const material = materialOf(item);
  const { found, file } = lookUp(regionOf(query.region), item, material);
  const asked = regionOf(query.region);
  const named = {
    item: items[item][language],
    material: materials[material][language],
    region: asked.region,
    regionName: asked.name[language],
    authority: asked.authority[language],
  };
  if (!found) return { ...named, bin: null, do: [], dont: [], when: [], source: null };
  const { title, url, published, read } = file.sources[found.source]!;
  return {
    ...named,
    bin: found.bin[language],
    do: found.do.map((one) => one[language]),
    dont: found.dont.map((one) => one[language]),
    when: query.conditions.flatMap((condition) => {
      const text = found.when[condition]?.[language];
      return text === undefined ? [] : [{ condition: conditions[condition][language], text }];
    }),
    source: { title, url, date: (published ?? read)!, isPublished: published !== undefined },
  };
}

function lookUp(
  file: RegionFile,
  item: ItemName,
  material: Material,
): { found: Rule | undefined; file: RegionFile } {
  const found =
    file.rules.find((rule) => rule.item === item) ?? file.rules.find((rule) => rule.material === material);
  if (found || file.within === undefined) return { found, file };
  return lookUp(regionOf(file.within), item, material);
}

/** Conditions that change an item's rule, which the page asks about. */
export function conditionsFor(region: string, item: ItemName): Condition[] {
  const { found } = lookUp(regionOf(region), item, materialOf(item));
  return found ? (Object.keys(found.when) as Condition[]) : [];
}

/** All rules of a region as text. The chat answers from it, and quotes it if there is no model. */
export function handbook(region: string, language: Language): string {
  const file = regionOf(region);
  const words = {
    ko: { bin: "배출처", source: "출처", not: "하지 말 것", when: "경우" },
    en: { bin: "Where", source: "Source", not: "Do not", when: "If" },
  }[language];
  const sections = itemNames.map((item) => {
    const rule = findRule({ region, item, conditions: conditionsFor(region, item), language });
    if (rule.source === null) return null;
    return [
      `${rule.item} (${rule.material})`,
      `${words.bin}: ${rule.bin}.`,
      ...rule.do,
      ...rule.dont.map((one) => `${words.not}: ${one}`),
      ...rule.when.map(({ condition, text }) => `${words.when} ${condition}: ${text}`),
      `${words.source}: ${rule.source.title}, ${rule.source.url} (${rule.source.date})`,
    ].join("\n");
  });
  return [file.name[language], ...sections.filter((one) => one !== null)].join("\n\n");
}
