import { z } from "zod";
import { regionNames } from "../rules.ts";
import { conditionNames, itemNames, languages } from "../taxonomy.ts";

export const scanOptions = z.object({
  question: z
    .string()
    .trim()
    .max(300)
    .default("")
    .meta({ title: "Question", description: "What you want to know about the thing in the photo." }),
  region: z
    .enum(regionNames)
    .default("kr")
    .meta({ title: "Region", description: "Whose rules are looked up." }),
  language: z.enum(languages).default("ko").meta({ title: "Language" }),
  confirmed: z
    .object({ item: z.enum(itemNames), conditions: z.array(z.enum(conditionNames)).default([]) })
    .optional()
    .meta({ title: "Confirmed item", description: "What the user says it is." }),
});
export type ScanOptions = z.output<typeof scanOptions>;
