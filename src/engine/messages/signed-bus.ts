import { randomBytes } from "node:crypto";
import type { Signer } from "../../domain/keys.ts";
import { MillraceError } from "../../errors.ts";
import type { Bus } from "../../ports/bus.ts";
import type { DropReason, Drops } from "./drops.ts";

/** Largest message that a bus takes, and what the signature leaves of it. */
const MAX_BYTES = 7_000;
export const MAX_MESSAGE_BYTES = 6_900;
/** A message further from the present is a replay, or its sender's clock is wrong. */
const MAX_AGE_MS = 15 * 60_000;
/** Senders whose last message is remembered; beyond that, the one silent for longest is dropped. */
const MAX_SENDERS = 10_000;

/**
 * A bus whose messages cannot be forged without the installation's key. The wire format is
 * `tag.sender.number.time.text`; the tag also covers the topic. A sender's messages have increasing numbers, so whoever
 * received the original drops a replay, and after `MAX_AGE_MS` everyone does.
 */
export function signedBus(bus: Bus, signer: Signer, drops: Drops): Bus {
  const sender = randomBytes(6).toString("base64url");
  let number = 0;

  /** @returns the text, or why the message is dropped */
  function open(topic: string, message: string, heard: Heard): { text: string } | DropReason {
    if (message.length > MAX_BYTES) return "malformed";
    const match = /^([\w-]{22})\.(([\w-]{8})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})\.)/.exec(message);
    if (!match) return "unsigned";
    const [head, tag, covered, from, nth, at] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const text = message.slice(head.length);
    if (!signer.verify(`${topic}\n${covered}${text}`, tag)) return "forged";
    if (Math.abs(Date.now() - Number.parseInt(at, 36)) > MAX_AGE_MS) return "stale";
    return heard.isNew(from, Number.parseInt(nth, 36)) ? { text } : "replayed";
  }

  return {
    name: bus.name,
    async publish(topic, text) {
      if (Buffer.byteLength(text) > MAX_MESSAGE_BYTES) {
        throw new MillraceError("payload_too_large", `A message is limited to ${MAX_MESSAGE_BYTES} bytes.`);
      }
      const covered = `${sender}.${(number++).toString(36)}.${Date.now().toString(36)}.`;
      await bus.publish(topic, `${signer.sign(`${topic}\n${covered}${text}`)}.${covered}${text}`);
    },
    subscribe(topic, handler, onGap) {
      const heard = rememberHeard();
      const listener = (message: string) => {
        const opened = open(topic, message, heard);
        if (typeof opened === "string") drops.add("bus", opened, topic);
        else handler(opened.text);
      };
      return bus.subscribe(topic, listener, onGap);
    },
    health: () => bus.health(),
    close: () => bus.close(),
  };
}

interface Heard {
  isNew(sender: string, number: number): boolean;
}

/** Remembers the last message of each sender for one subscription: a sender's messages arrive in order. */
function rememberHeard(): Heard {
  const last = new Map<string, number>();
  return {
    isNew(sender, number) {
      if (number <= (last.get(sender) ?? -1)) return false;
      last.delete(sender);
      last.set(sender, number);
      if (last.size > MAX_SENDERS) last.delete(last.keys().next().value!);
      return true;
    },
  };
}
