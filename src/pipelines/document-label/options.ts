import { z } from "zod";
import { pageOptions } from "../documents/page-options.ts";

export const labelOptions = z.object({
  ...pageOptions,
  labeler: z.enum(["auto", "rules", "model"]).default("auto").meta({
    title: "Labeler",
    description:
      "rules needs no provider. model asks the configured model, and the rules check its answers. auto asks the model if one is configured, and uses the rules if the model fails.",
  }),
});
export type LabelOptions = z.output<typeof labelOptions>;
