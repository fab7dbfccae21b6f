import { createHash } from "node:crypto";
import type pg from "pg";

/** What one notification may carry, in bytes; PostgreSQL takes less than 8,000. */
const MAX_BYTES = 7_900;

/** Deliveries have been put into a queue, or its backlog has grown. */
export type News = "deliveries" | "backlog";

/** Where the news of a queue are told: to those alone who serve it. */
export function queueChannel(schema: string, news: News, queue: string): string {
  return channelOf(schema, `${news}/${queue}`);
}

/** The channel of a topic in a schema. Names of channels are short, so they are hashed. */
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
 * Sends notifications in transactions of their own, one at a time: notifying commits wait for each other,
 * so everything that comes up meanwhile goes together, several messages in one notification.
 */
export class Notifier {
  readonly #pool: pg.Pool;
  #waiting: Message[] = [];
  #sending: Promise<void> | null = null;
  /** Equal notifications of one transaction would be delivered once. */
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

  /** Resolves when what was to be sent has been, or has failed. */
  async idle(): Promise<void> {
    while (this.#sending) await this.#sending;
  }
}

/** The messages of a notification, up to the first that is not of our making: anybody may notify. */
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
