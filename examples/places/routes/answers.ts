import { z } from "zod";
import { categories } from "../place.ts";
import { MOST_FOUND } from "../search/search.ts";

/** Response schemas, also for the OpenAPI document. */
export const foundPlace = z.object({
  id: z.string(),
  name: z.string(),
  nameEn: z.string().nullable(),
  category: z.string(),
  lat: z.number(),
  lon: z.number(),
  hours: z.string().nullable(),
  address: z.string().nullable(),
  link: z.string().nullable(),
  meters: z.number().nullable().describe("From where the search was made."),
  isOpen: z.boolean().nullable().describe("`null` where nobody said when it is open."),
});

export const placeList = z.object({ items: z.array(foundPlace) });

const degrees = (most: number) => z.coerce.number().min(-most).max(most);
export const from = { lat: degrees(90), lon: degrees(180) };
export const limit = z.coerce.number().int().min(1).max(MOST_FOUND);
export const category = z.enum(categories);
/** A boolean query parameter. */
export const flag = z.enum(["true", "false"]).transform((text) => text === "true");
