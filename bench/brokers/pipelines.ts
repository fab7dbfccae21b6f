import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { hold } from "../hold-log.ts";

// Only these, as each pipeline's queues cost the brokers something while they are idle.
export { noop, start } from "../pipelines.ts";

/** Takes a second, and tells where it runs. */
export const holding = definePipeline({
  name: "bench.hold",
  version: 1,
  title: "Hold",
  options: z.object({ hold: z.string(), text: z.string().default("") }),
  accepts: { mediaTypes: ["*"], minFiles: 0, maxFiles: 1 },
}).each("run", (ctx) => hold(ctx.options.hold, ctx.signal), { concurrency: 10, cache: "never" });
