import { z } from "zod";

/** How many processes have applied a change to the replicated maps. */
export const applied = z
  .object({ processes: z.int(), of: z.int() })
  .describe("How many running processes have applied the change.");

export const waitForAll = z.coerce
  .number()
  .min(0)
  .max(5)
  .default(0)
  .describe("Waits up to this many seconds for all processes to apply the change.");
