import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { pageOptions } from "../../src/pipelines/documents/page-options.ts";
import {
  documentMediaTypes,
  pageReader,
  readOptions,
  splitOptions,
  splitPages,
} from "../../src/pipelines/documents/page-steps.ts";
import { textOf } from "../../src/pipelines/documents/page-text.ts";

const MIB = 1024 * 1024;

/** The steps of the built-in pipelines with a short timeout per page. */
export const hurried = definePipeline({
  name: "hurried",
  version: 1,
  title: "Read with little time",
  accepts: { mediaTypes: documentMediaTypes, maxFileBytes: 100 * MIB },
  options: z.strictObject(pageOptions),
})
  .split("pages", splitPages, splitOptions)
  .each("read", pageReader({ ocr: "wasm" }), { ...readOptions, timeoutMs: 20_000, attempts: 1 })
  .join("collect", async ({ parts, failures }) => {
    const pages = await Array.fromAsync(
      parts,
      ({ result }) => [result.page, textOf(result.lines)] as [number, string],
    );
    const failed = await Array.fromAsync(failures, ({ data, code, message }) => ({
      page: data.page,
      code,
      message,
    }));
    return { pages, failed };
  });
