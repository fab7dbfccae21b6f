import { z } from "zod";
import { MOST_PARTS } from "../../domain/parts.ts";
import { DROP_REASONS, DROP_SOURCES, type Drops } from "./drops.ts";
import { MAX_TEXT_CHARACTERS } from "./text-pieces.ts";
import { type LiveMessage, STEP_BOUNDS, type StepFigures, topics } from "./topics.ts";

/** Everything that comes over the bus is read here: what does not fit its schema is dropped and counted. */

/** Attempts that a worker may say to have ended in one message, which covers a second. */
const MAX_ATTEMPTS = 100_000;
/** Leases that one message may revoke. */
export const MAX_REVOKED = 100;
/** Of the text beside a bar. */
export const MAX_PROGRESS_CHARACTERS = 1_000;
/** What a bus takes. */
const MAX_BYTES = 7_000;
/** Kinds of attempts of one message. */
export const MAX_FIGURES = 20;

const name = (max: number) => z.string().min(1).max(max);
const index = z.int().min(-1).max(1_000_000);
const part = z.int().min(0).max(MOST_PARTS);
const count = z.int().min(1).max(MAX_ATTEMPTS);

const live = z.discriminatedUnion("type", [
  liveMessage(
    "item.progress",
    z.strictObject({
      step: name(200),
      fraction: z.number().min(0).max(1),
      message: z.string().max(MAX_PROGRESS_CHARACTERS).nullable(),
      part: part.optional(),
      parts: z.strictObject({ total: part, done: part, failed: part }).optional(),
    }),
  ),
  liveMessage(
    "text.delta",
    z.strictObject({ text: z.string().max(MAX_TEXT_CHARACTERS), part: part.optional() }),
  ),
]);

function liveMessage<T extends LiveMessage["type"], D extends z.ZodType>(type: T, data: D) {
  return z.strictObject({
    owner: name(200),
    jobId: name(64),
    type: z.literal(type),
    index,
    attempt: z.int().min(0).max(1_000),
    data,
  });
}

const figures = z.strictObject({
  worker: name(300),
  steps: z
    .array(
      z.strictObject({
        queue: name(420),
        outcome: z.enum(["succeeded", "failed", "returned"]),
        count,
        seconds: z
          .number()
          .min(0)
          .max(MAX_ATTEMPTS * STEP_BOUNDS.at(-1)! * 100),
      }),
    )
    .max(MAX_FIGURES)
    .refine((steps) => steps.reduce((sum, step) => sum + step.count, 0) <= MAX_ATTEMPTS),
  dropped: z
    .array(
      z.strictObject({
        source: z.enum(DROP_SOURCES),
        reason: z.enum(DROP_REASONS),
        count: z.int().min(1).max(1e12),
      }),
    )
    .max(DROP_SOURCES.length * DROP_REASONS.length),
  lostLines: z.int().min(0).max(1e9).optional(),
});

const leases = z.array(name(64)).max(MAX_REVOKED);
const owner = name(200);

/** Readers of the bus's topics; `null` for what was dropped. */
export function messageReader(drops: Drops) {
  const reader =
    <T>(topic: string, schema: z.ZodType<T>, parse: (message: string) => unknown) =>
    (message: string): T | null => {
      try {
        if (message.length > MAX_BYTES) throw new Error("too long");
        const read = schema.safeParse(parse(message));
        if (read.success) return read.data;
      } catch {
        // Not even JSON.
      }
      drops.add("bus", "malformed", topic);
      return null;
    };
  return {
    owner: reader<string>(topics.log, owner, (message) => message),
    live: reader<LiveMessage>(topics.live, live as z.ZodType<LiveMessage>, JSON.parse),
    revoked: reader<string[]>(topics.revoked, leases, JSON.parse),
    figures: reader<StepFigures>(topics.metrics, figures, JSON.parse),
  };
}

export type MessageReader = ReturnType<typeof messageReader>;
