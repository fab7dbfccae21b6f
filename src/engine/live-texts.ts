import { partAt } from "../domain/parts.ts";
import type { JobRecord, TaskRecord } from "../domain/records.ts";
import type { Bus, Subscription } from "../ports/bus.ts";
import type { MessageReader } from "./messages/read.ts";
import { textMessages, textPieces } from "./messages/text-pieces.ts";
import { type TextTold, topics } from "./messages/topics.ts";

/** Most characters kept of a stream. Of a longer one, only clients that watch from the start get all. */
const MAX_KEPT_CHARACTERS = 4_000_000;

/**
 * The texts that attempts of this process stream, kept until the attempt ends: clients that join late request them over
 * the bus and get the text so far.
 */
export interface LiveTexts {
  /** Begins to keep the text of an attempt. */
  open(task: TaskRecord, job: JobRecord): LiveText;
  close(): Promise<void>;
}

export interface LiveText {
  /** Sends a piece to clients, and keeps it. */
  add(text: string): void;
  end(): void;
}

type Stream = Omit<TextTold, "ask" | "offset" | "length">;

export async function liveTexts(
  bus: Pick<Bus, "publish" | "subscribe">,
  messages: Pick<MessageReader, "textAsked">,
): Promise<LiveTexts> {
  const streams = new Map<string, Set<Stream>>();
  // Best effort: clients that miss a piece while the bus is down request it when they see the next one.
  const tell = (topic: string, message: string) => void bus.publish(topic, message).catch(() => {});

  function onAsked(text: string): void {
    const asked = messages.textAsked(text);
    for (const { text: soFar, ...stream } of (asked && streams.get(asked.jobId)) ?? []) {
      if (soFar.length > MAX_KEPT_CHARACTERS) continue;
      const from = { ask: asked!.ask, ...stream, length: soFar.length };
      for (const message of textPieces(soFar, (piece, offset) => ({ ...from, offset, text: piece })))
        tell(topics.textTold, message);
    }
  }

  const subscription: Subscription = await bus.subscribe(topics.textAsked, onAsked);
  return {
    open(task, job) {
      const split = partAt(task.item);
      const ofPart: { part?: number } = split ? { part: split.part } : {};
      const index = split ? split.item : task.item;
      const from = { owner: task.owner, jobId: job.id, attempt: task.attempt, index };
      const stream: Stream = { ...from, ...ofPart, text: "" };
      const ofJob = streams.get(job.id) ?? new Set();
      let length = 0;
      return {
        add(text) {
          if (length === 0) streams.set(job.id, ofJob.add(stream));
          for (const message of textMessages(from, text, {
            ...(split && { part: split.part }),
            offset: length,
          }))
            tell(topics.live, message);
          length += text.length;
          if (stream.text.length <= MAX_KEPT_CHARACTERS) stream.text += text;
        },
        end() {
          ofJob.delete(stream);
          if (ofJob.size === 0) streams.delete(job.id);
        },
      };
    },
    close: () => subscription.close(),
  };
}
