import { z } from "zod";
import { definePipeline, type Pipeline } from "../../pipeline/pipeline.ts";
import { createDocumentLabel } from "../../pipelines/document-label/index.ts";
import { createDocumentOcr } from "../../pipelines/document-ocr/index.ts";
import { createImageConvert } from "../../pipelines/image-convert/index.ts";
import { createImageDerive } from "../../pipelines/image-derive/index.ts";
import { textAnswer } from "../../pipelines/text-answer/index.ts";
import { work } from "./work.ts";
import { workloadNames } from "./workload.ts";

/** Longer than any request of a study waits. */
const TIMEOUT_MS = 1_800_000;

/** The study's work as a pipeline: one step, and one request at a time per worker. */
export const studyWork = definePipeline({
  name: "study.work",
  version: 1,
  title: "Work of the study",
  accepts: { mediaTypes: ["*"], minFiles: 1, maxFiles: 1 },
  options: z.strictObject({
    workload: z.enum(workloadNames),
    amount: z.number(),
    device: z.string().nullable(),
  }),
}).each(
  "work",
  async (ctx) => {
    const { name, mediaType } = ctx.file;
    return { ...(await work(ctx.options, { name, mediaType, data: await ctx.read(ctx.file) }, ctx.signal)) };
  },
  { concurrency: 1, cache: "never", timeoutMs: TIMEOUT_MS },
);

const builtIn: Pipeline[] = [
  createImageConvert(),
  createImageDerive(),
  createDocumentOcr(),
  createDocumentLabel(),
  textAnswer,
];

/**
 * Replaces the built-in pipelines that run in step processes. The study does not use them, but each worker would start
 * several such processes, which take seconds of CPU time on every core during a measurement.
 */
export const unused = builtIn.map(({ name, version }) =>
  definePipeline({ name, version, title: "Not part of the study", replaces: true }).each("run", () => {}),
);
