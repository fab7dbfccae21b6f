import type { Commits } from "./commits.ts";
import type { Settling } from "./delivery.ts";
import { closedError, lostError } from "./errors.ts";
import { deadTopicOf } from "./names.ts";
import type { Publisher } from "./publisher.ts";
import type { Topics } from "./topics.ts";
import type { Entry } from "./window.ts";

/** Header that counts the deliveries of a returned message. */
export const countHeader = "count";

export interface SettlingParts {
  topic: string;
  topics: Topics;
  publisher: Publisher;
  commits: Commits;
  state(): "open" | "closing" | "ended";
  /** Delivers the message again. */
  giveBack(entry: Entry): void;
  /** The outcome is stored, or known to be lost: there is room for another message. */
  settled(): void;
}

/** Settles messages that the handler has held. */
export function settlingOf(parts: SettlingParts): Settling {
  const { topic, topics, publisher, commits, giveBack } = parts;

  function check(entry: Entry): void {
    if (parts.state() === "ended") throw closedError();
    if (entry.window.lost) throw lostError(entry.id);
  }

  async function settle(entry: Entry, how: () => Promise<void>): Promise<void> {
    try {
      check(entry);
      await how();
    } finally {
      parts.settled();
    }
  }

  async function bury(entry: Entry): Promise<void> {
    const dead = deadTopicOf(topic);
    await topics.ensure(dead, { partitions: 1 });
    const record = { topic: dead, key: entry.id, value: entry.payload, partition: 0 };
    const [result] = await publisher.send([record]);
    if (!result!.ok) throw result!.error;
  }

  return {
    check,
    ack: (entry) => settle(entry, () => commits.finish(entry)),
    retry: (entry) =>
      settle(entry, async () => {
        // Our offset does not move past it, so the partition's next reader gets it.
        if (parts.state() !== "open") return;
        const headers = { [countHeader]: String(entry.count) };
        const [result] = await publisher.send([{ topic, key: entry.id, value: entry.payload, headers }]);
        if (!result!.ok) return giveBack(entry);
        // If this fails, the message comes twice, which can happen to any message.
        if (!entry.window.lost) await commits.finish(entry).catch(() => {});
      }),
    reject: (entry) =>
      settle(entry, async () => {
        await bury(entry).catch((error) => {
          giveBack(entry);
          throw error;
        });
        await commits.finish(entry);
      }),
  };
}
