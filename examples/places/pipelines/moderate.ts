import { definePipeline } from "millrace";
import { z } from "zod";
import { records } from "../records/open.ts";
import { moderate as decide } from "../reports/moderate.ts";

/** Applies moderators' decisions. A job, so that only workers write and the API never waits for the records' lock. */
export const moderate = definePipeline({
  name: "places.moderate",
  version: 1,
  title: "Moderate a place",
  internal: true,
  accepts: { data: z.strictObject({ id: z.string(), accepts: z.boolean() }) },
}).each("decide", async ({ data }) => ({ became: await decide(await records(), data.id, data.accepts) }), {
  cache: "never",
});
