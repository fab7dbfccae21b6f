import { z } from "zod";
import type { AiNotice } from "../../ai/notices.ts";
import { type AiFigures, CALL_ENDS, TOKEN_KINDS } from "../../ai/tally.ts";
import { MOST_PARTS } from "../../domain/parts.ts";
import { type ProcessReport, processReport } from "../processes/figures.ts";
import { DROP_REASONS, DROP_SOURCES, type Drops } from "./drops.ts";
import { MAX_TEXT_CHARACTERS } from "./text-pieces.ts";
import {
  type DownloadProgress,
  type LiveMessage,
  STEP_BOUNDS,
  type StepFigures,
  type TextAsked,
  type TextTold,
  topics,
} from "./topics.ts";

/** Schemas of everything that arrives over the bus: messages that do not fit are dropped and counted. */

/** Most ended attempts that a worker may report in one message, which covers a second. */
const MAX_ATTEMPTS = 100_000;
/** Most leases that one message may revoke. */
export const MAX_REVOKED = 100;
/** Most characters in a streamed text. */
const MAX_STREAM_CHARACTERS = 1e9;
/** Most characters in the text next to a progress bar. */
export const MAX_PROGRESS_CHARACTERS = 1_000;
/** Largest message that a bus takes. */
const MAX_BYTES = 7_000;
/** The latest time that a `Date` can hold. */
const MAX_TIME = 8.64e15;
/** Most kinds of attempts in one message. */
export const MAX_FIGURES = 20;
/** Most models in one message. */
export const MAX_MODELS = 10;

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
    z.strictObject({
      text: z.string().max(MAX_TEXT_CHARACTERS),
      // Absent from workers of an older version.
      offset: z.int().min(0).max(MAX_STREAM_CHARACTERS).optional(),
      part: part.optional(),
    }),
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
        trace: z
          .string()
          .regex(/^[0-9a-f]{32}$/)
          .optional(),
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
  interrupted: z.int().min(0).max(1e6).optional(),
});

const aiNotice = z.strictObject({
  model: name(60),
  kind: z.enum(["open", "rest", "spaced"]),
  ms: z.number().min(0).max(86_400_000),
});

const amount = z.number().min(0).max(1e12);
const aiFigures = z.strictObject({
  process: name(300),
  models: z
    .array(
      z.strictObject({
        model: name(60),
        calls: z.partialRecord(z.enum(CALL_ENDS), z.int().min(0).max(MAX_ATTEMPTS)),
        tokens: z.partialRecord(z.enum(TOKEN_KINDS), amount),
        ...{ usd: amount, waitSeconds: amount, longestSeconds: amount },
        waiting: z.int().min(0).max(1e9),
      }),
    )
    .max(MAX_MODELS),
});

const textAsked = z.strictObject({ jobId: name(64), ask: name(64) });

const offset = z.int().min(0).max(MAX_STREAM_CHARACTERS);
const textTold = z.strictObject({
  ...{ ask: name(64), owner: name(200), jobId: name(64), index, attempt: z.int().min(0).max(1_000) },
  ...{ part: part.optional(), offset, text: z.string().max(MAX_TEXT_CHARACTERS), length: offset },
});

const bytes = z.int().min(0);
const whole = z.int().min(0).max(1e9);
const downloadProgress = z.strictObject({
  ...{ owner: name(200), jobId: name(64), downloads: whole, sentBytes: bytes, totalBytes: bytes },
  progress: z.strictObject({
    ...{ total: whole, done: whole, failed: whole, cached: whole },
    fraction: z.number().min(0).max(1),
  }),
  downloadedAt: z.int().min(0).max(MAX_TIME).optional(),
});

const leases = z.array(name(64)).max(MAX_REVOKED);
const owner = name(200);
const worker = name(300);

/** Readers of the bus topics; each returns `null` for a message that it dropped. */
export function messageReader(drops: Drops) {
  const reader =
    <T>(topic: string, schema: z.ZodType<T>, parse: (message: string) => unknown) =>
    (message: string): T | null => {
      try {
        if (message.length > MAX_BYTES) throw new Error("too long");
        const read = schema.safeParse(parse(message));
        if (read.success) return read.data;
      } catch {
        // Not JSON.
      }
      drops.add("bus", "malformed", topic);
      return null;
    };
  return {
    owner: reader<string>(topics.log, owner, (message) => message),
    notified: reader<string>(topics.notices, owner, (message) => message),
    webhook: reader<string>(topics.webhooks, name(64), (message) => message),
    live: reader<LiveMessage>(topics.live, live as z.ZodType<LiveMessage>, JSON.parse),
    revoked: reader<string[]>(topics.revoked, leases, JSON.parse),
    worker: reader<string>(topics.drain, worker, (message) => message),
    ai: reader<AiNotice>(topics.ai, aiNotice, JSON.parse),
    aiFigures: reader<AiFigures>(topics.models, aiFigures, JSON.parse),
    textAsked: reader<TextAsked>(topics.textAsked, textAsked, JSON.parse),
    textTold: reader<TextTold>(topics.textTold, textTold as z.ZodType<TextTold>, JSON.parse),
    download: reader<DownloadProgress>(
      topics.downloads,
      downloadProgress as z.ZodType<DownloadProgress>,
      JSON.parse,
    ),
    figures: reader<StepFigures>(topics.metrics, figures, JSON.parse),
    process: reader<ProcessReport>(topics.processes, processReport, JSON.parse),
  };
}

export type MessageReader = ReturnType<typeof messageReader>;
