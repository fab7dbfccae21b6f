import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";

/** A step that does nothing, so that only Millrace's own cost remains. */
export const nothing = definePipeline({
  name: "cost.nothing",
  version: 1,
  title: "Nothing",
  accepts: { mediaTypes: ["*"], maxFiles: 1_000 },
  options: z.object({ n: z.number().default(0) }),
  queueLimit: 1_000_000,
}).each("nothing", () => null, { concurrency: 16, cache: "never" });
