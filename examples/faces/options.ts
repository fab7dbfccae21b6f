import { z } from "zod";

/** Reads a setting of this application from the environment. */
function hours(name: string, usual: number): number {
  const given = process.env[name];
  if (given === undefined || given === "") return usual;
  const value = Number(given);
  if (value > 0 && value <= 8_760) return value;
  throw new Error(`${name} must be a number of hours, more than 0 and at most 8,760; it is ${given}.`);
}

const HOUR_MS = 3_600_000;
/** Retention of results, including cached results for another job with the same pair. */
export const RETENTION_MS = hours("FACES_RETENTION_HOURS", 1) * HOUR_MS;
/** Retention of a failed job's portraits, so that it can be retried. Not configurable, because the page promises it. */
export const FAILED_MS = HOUR_MS;

export const faceOptions = z.object({
  consent: z
    .literal(true, { error: "Both people must agree that their portraits are used: send true." })
    .describe("Both people agree that their portraits are used."),
  frame: z
    .enum(["first", "second", "oval"])
    .default("oval")
    .describe("Whose hair and surroundings the child has; an oval has nobody's."),
  resemblance: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("Whom the child resembles: 0 is the first parent, 1 the second."),
  siblings: z.int().min(1).max(4).default(1).describe("How many children."),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe("Another seed makes other children; the same one makes the same."),
  size: z
    .union([z.literal(256), z.literal(512), z.literal(768)])
    .default(512)
    .describe("Pixels of a side."),
});

export type FaceOptions = z.output<typeof faceOptions>;

const opposite = { first: "second", second: "first", oval: "oval" } as const;

/** The equivalent options for the portraits in reverse order. */
export function turned(options: FaceOptions): FaceOptions {
  return { ...options, frame: opposite[options.frame], resemblance: 1 - options.resemblance };
}
