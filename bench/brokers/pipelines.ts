import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { hold } from "../hold-log.ts";

// Only these, because even idle queues cost the brokers something.
export { noop, start } from "../pipelines.ts";

/** Takes a second, and reports where it runs. */
export const holding = definePipeline({
  name: "bench.hold",
  version: 1,
  title: "Hold",
  options: z.object({ hold: z.string(), text: z.string().default("") }),
  accepts: { mediaTypes: ["*"], minFiles: 0, maxFiles: 1 },
}).each("run", (ctx) => hold(ctx.options.hold, ctx.signal), { concurrency: 10, cache: "never" });
