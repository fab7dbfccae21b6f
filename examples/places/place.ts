import { createHash } from "node:crypto";
import { z } from "zod";
import { parseHours } from "./hours.ts";

export const categories = [
  ...["park", "museum", "library", "station", "heritage", "market", "beach", "mountain", "restroom", "other"],
] as const;
export type Category = (typeof categories)[number];

const name = z
  .string()
  .trim()
  .min(2)
  .max(80)
  .regex(/\p{L}/u, "It must have a letter.")
  .regex(/^[^\p{C}]*$/u, "It must not have control characters.");

/** Data of a place: in users' reports, in rows of the seed, and in records of the outside source. */
export const placeSchema = z.strictObject({
  name: name.meta({ title: "Name" }),
  nameEn: name.optional().meta({ title: "Name in English" }),
  category: z.enum(categories).meta({ title: "Category" }),
  lat: z.number().min(-90).max(90).meta({ title: "Latitude", description: "Degrees north" }),
  lon: z.number().min(-180).max(180).meta({ title: "Longitude", description: "Degrees east" }),
  hours: z
    .string()
    .max(200)
    .refine(
      (text) => parseHours(text) !== null,
      "It must be 24/7, or rules such as Tu-Su 09:00-18:00; Mo off.",
    )
    .optional()
    .meta({ title: "Opening hours", description: "24/7, or rules such as Tu-Su 09:00-18:00; Mo off" }),
  address: z.string().trim().max(200).optional().meta({ title: "Address" }),
  link: z
    .url({ protocol: /^https?$/ })
    .max(300)
    .optional()
    .meta({ title: "Web page" }),
});
export type PlaceData = z.output<typeof placeSchema>;

/** The same source and source id always yield the same place id. */
export function placeId(source: string, sourceId: string): string {
  return createHash("sha256").update(`${source}\0${sourceId}`).digest("hex").slice(0, 16);
}
