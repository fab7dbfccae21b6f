import { definePipeline } from "millrace";
import { z } from "zod";
import { exportTo, tracer } from "./spans.ts";

if (process.env.SPANS_FILE) exportTo(process.env.SPANS_FILE);

/** Its step starts an additional span. */
export const traced = definePipeline({
  name: "traced",
  version: 1,
  title: "Traced",
  options: z.object({ n: z.number() }),
})
  .each("work", (ctx) =>
    tracer().startActiveSpan("inside", (span) => {
      span.end();
      return ctx.options.n;
    }),
  )
  .all("sum", () => process.pid);
