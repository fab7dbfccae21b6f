import { z } from "zod";
import { pageOptions } from "../documents/page-options.ts";

export const documentOutputs = ["txt", "md", "json", "pdf"] as const;

export const documentOcrOptions = z.strictObject({
  ...pageOptions,
  outputs: z
    .array(z.enum(documentOutputs))
    .default([...documentOutputs])
    .meta({
      title: "Files",
      description:
        "txt: the text. md: Markdown without headers and footers. json: blocks, lines and words with boxes and confidence. pdf: a searchable copy of the document.",
    }),
});

export type DocumentOcrOptions = z.output<typeof documentOcrOptions>;
