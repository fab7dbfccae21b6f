import type { AppScope } from "millrace";
import { z } from "zod";
import { seededMaterials } from "../catalog.ts";
import { conditionsFor, regionNames, regions } from "../rules.ts";
import { conditions, itemNames, items, languages, materialOf, materials } from "../taxonomy.ts";

/** Choices on the page. Public, because they contain nothing personal. */
export function taxonomyRoutes(scope: AppScope): void {
  scope.route({
    method: "GET",
    url: "/api/taxonomy",
    config: { access: "public" },
    schema: {
      hide: true,
      querystring: z.object({
        language: z.enum(languages).default("ko"),
        region: z.enum(regionNames).default("kr"),
      }),
    },
    async handler({ query: { language, region } }) {
      return {
        regions: regions(language),
        characters: seededMaterials(),
        materials: Object.entries(materials).map(([material, name]) => ({ material, name: name[language] })),
        items: itemNames.map((item) => ({
          ...{ item, name: items[item][language], material: materialOf(item) },
          conditions: conditionsFor(region, item).map((condition) => ({
            ...{ condition, name: conditions[condition][language] },
          })),
        })),
      };
    },
  });
}
