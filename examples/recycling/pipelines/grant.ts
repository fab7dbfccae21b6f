import { definePipeline } from "millrace";
import { z } from "zod";
import { grantAll } from "../records/grants.ts";
import { records } from "../records/open.ts";
import { materialNames } from "../taxonomy.ts";

const DAY_MS = 24 * 3_600_000;

/**
 * Records which user was granted which character. Scans start these jobs and do not wait for them. Internal, because
 * users could otherwise reward themselves.
 */
export const grants = definePipeline({
  name: "recycling.grant",
  version: 1,
  title: "Grant a character",
  internal: true,
  accepts: { data: z.object({ character: z.string().min(1).max(40), material: z.enum(materialNames) }) },
  retentionMs: DAY_MS,
  deadLetterRetentionMs: 30 * DAY_MS,
}).batch("write", { size: 50, waitMs: 5_000, attempts: 3 }, async (tasks) => {
  const database = await records();
  const wanted = tasks.map(({ jobId, index, owner, data }) => ({
    ...{ grantId: `${jobId}/${index}`, owner, ...data },
  }));
  const outcomes = await grantAll(database, wanted, Date.now());
  return outcomes.map((outcome) => ({ outcome }));
});
