import { z } from "zod";

/** Options for reading pages, shared by all document pipelines. */
export const pageOptions = {
  languages: z
    .array(z.string().regex(/^[a-z]{3}(_[a-z]{2,8})?$/, { error: 'Write languages as "kor" or "eng".' }))
    .min(1)
    .max(4)
    .default(["kor", "eng"])
    .meta({
      title: "Languages",
      description:
        "Languages of scanned text, most likely first: kor, eng, or any that the installed tesseract has. Each column is read in one language.",
    }),
  text: z.enum(["auto", "embedded", "ocr"]).default("auto").meta({
    title: "Text from",
    description:
      "auto uses the text embedded in a PDF page and reads scans by OCR. embedded never uses OCR. ocr reads every page as an image.",
  }),
};

export type PageOptions = { languages: string[]; text: "auto" | "embedded" | "ocr" };
