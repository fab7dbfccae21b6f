import { createHash } from "node:crypto";
import type pg from "pg";

/** Largest notification in bytes; PostgreSQL's limit is just below 8,000. */
const MAX_BYTES = 7_900;

/** A queue has new deliveries, or its backlog has grown. */
export type News = "deliveries" | "backlog";

/** The channel for a queue's news, which only its workers listen to. */
export function queueChannel(schema: string, news: News, queue: string): string {
  return channelOf(schema, `${news}/${queue}`);
}

/** The channel of a topic in a schema. Channel names are short, so they are hashes. */
export function channelOf(schema: string, topic: string): string {
  return `millrace_${createHash("sha256").update(`${schema}/${topic}`).digest("hex").slice(0, 32)}`;
}

interface Message {
  channel: string;
  text: string;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * Sends notifications in its own transactions, one at a time. Notifying commits wait for each other, so everything that
 * arrives meanwhile is sent together, several messages per notification.
 */
export class Notifier {
  readonly #pool: pg.Pool;
  #waiting: Message[] = [];
  #sending: Promise<void> | null = null;
  /** Makes each notification unique: PostgreSQL delivers identical ones of one transaction only once. */
  #number = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  send(channel: string, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ channel, text, resolve, reject });
      this.#sending ??= new Promise<void>((done) => setImmediate(done)).then(() => this.#flush());
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const messages = this.#waiting;
      this.#waiting = [];
      const frames = this.#pack(messages);
      try {
        await this.#pool.query({
          name: "notify",
          text: "SELECT pg_notify(channel, frame) FROM unnest($1::text[], $2::text[]) AS u (channel, frame)",
          values: [frames.map((one) => one.channel), frames.map((one) => one.frame)],
        });
        for (const message of messages) message.resolve();
      } catch (error) {
        for (const message of messages) message.reject(error as Error);
      }
    }
    this.#sending = null;
  }

  #pack(messages: readonly Message[]): { channel: string; frame: string }[] {
    const frames: { channel: string; frame: string; bytes: number }[] = [];
    const last = new Map<string, (typeof frames)[number]>();
    for (const { channel, text } of messages) {
      const part = `${text.length}:${text}`;
      const bytes = Buffer.byteLength(part);
      const open = last.get(channel);
      if (open && open.bytes + bytes <= MAX_BYTES) {
        open.frame += part;
        open.bytes += bytes;
      } else {
        const head = `${(this.#number++).toString(36)} `;
        const frame = { channel, frame: head + part, bytes: head.length + bytes };
        last.set(channel, frame);
        frames.push(frame);
      }
    }
    return frames;
  }

  /** Resolves when everything queued has been sent or has failed. */
  async idle(): Promise<void> {
    while (this.#sending) await this.#sending;
  }
}

/** The messages of a notification, up to the first malformed one: anyone may notify. */
export function unpack(frame: string): string[] {
  const texts: string[] = [];
  const length = /(\d{1,4}):/y;
  for (let at = frame.indexOf(" ") + 1; at < frame.length; ) {
    length.lastIndex = at;
    const found = length.exec(frame);
    if (!found) break;
    at = length.lastIndex + Number(found[1]);
    texts.push(frame.slice(length.lastIndex, at));
  }
  return texts;
}
