import { taskId } from "../../domain/ids.ts";
import type { JobRecord } from "../../domain/records.ts";
import { unpackTask } from "../../domain/stored.ts";
import { MillraceError } from "../../errors.ts";
import type {
  Broker,
  Consumer,
  Delivery,
  DeliveryHandler,
  Message,
  PublishResult,
} from "../../ports/broker.ts";
import { deliver } from "../deliver.ts";
import type { Client } from "./client.ts";
import type { Pushed, PushedClaim } from "./window.ts";

const MAX_PAYLOAD_BYTES = 64 * 1024;

/** The embedded broker, through the writer. It owns the connection. */
export function sqliteBroker(client: Client): Broker {
  const consumers = new Map<number, { queue: string; handler: DeliveryHandler; open: boolean }>();
  const asked = new Set<Promise<unknown>>();
  let lastId = 0;
  let closing: Promise<void> | null = null;

  /** Calls the writer; `close` waits for the answer. */
  const ask = async <T>(method: string, argument?: unknown): Promise<T> => {
    if (closing) throw closed();
    const call = client.call<T>(method, argument);
    asked.add(call);
    return call.finally(() => asked.delete(call));
  };

  client.onPush("broker", (messages: Pushed[]) => {
    let job: JobRecord | null = null;
    for (const pushed of messages) {
      const content = pushed[3];
      if ("task" in content) content.job = job = content.job ?? job;
      const known = consumers.get(pushed[0]);
      if (known) deliver(known.handler, delivery(ask, known.queue, pushed));
    }
  });

  return {
    name: "sqlite",
    capabilities: {
      durable: false,
      depth: true,
      ownershipMs: null,
      deadLetters: true,
      countsDeliveries: true,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
    },
    async publish(queue, messages): Promise<PublishResult[]> {
      const results = messages.map(check);
      const fit = messages.filter((_, n) => results[n]!.ok);
      if (closing) return messages.map(() => ({ ok: false, error: closed() }));
      if (fit.length > 0) await ask("broker.publish", { queue, messages: fit });
      return results;
    },
    async consume(queue, { prefetch, claimFor, signal }, handler): Promise<Consumer> {
      if (closing) throw closed();
      const id = ++lastId;
      const consumer = { queue, handler, open: true };
      const close = async () => {
        if (!consumer.open) return;
        consumer.open = false;
        if (!closing && !client.isClosed()) await ask("broker.stop", id);
      };
      if (signal?.aborted) return { close };
      consumers.set(id, consumer);
      await ask("broker.consume", { id, queue, prefetch, claimFor: claimFor ?? null });
      signal?.addEventListener("abort", () => void close(), { once: true });
      if (signal?.aborted) await close();
      return { close };
    },
    depth: (queue) => ask("broker.depth", queue),
    deadLetters: (queue, limit) => ask("broker.deadLetters", { queue, limit }),
    health: () => ask("broker.depth", ""),
    close() {
      // What its consumers hold comes again elsewhere, because the connection was theirs alone.
      closing ??= Promise.allSettled(asked).then(() => client.close());
      return closing;
    },
  };
}

function check(message: Message): PublishResult {
  const bytes = Buffer.byteLength(message.payload);
  if (bytes <= MAX_PAYLOAD_BYTES) return { ok: true };
  const text = `The message has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed.`;
  return { ok: false, error: new MillraceError("payload_too_large", text) };
}

function closed(): MillraceError {
  return new MillraceError("closed", "The connection to the records has ended.");
}

type Ask = <T>(method: string, argument?: unknown) => Promise<T>;

function delivery(ask: Ask, queue: string, pushed: Pushed): Delivery {
  const [consumer, tag, count, content] = pushed;
  let settled: Promise<void> | null = null;
  const settle = (how: "ack" | "retry" | "reject") => {
    settled ??= ask<boolean>("broker.settle", [consumer, tag, how]).then((held) => {
      if (!held) throw new MillraceError("lost_ownership", "The delivery now belongs to another consumer.");
    });
    return settled;
  };
  return {
    ...("task" in content ? claimed(content) : { id: content.id, payload: content.payload }),
    queue,
    count,
    ack: () => settle("ack"),
    retry: () => settle("retry"),
    reject: () => settle("reject"),
    extend: async () => {},
  };
}

function claimed({ task: packed, job }: PushedClaim): Pick<Delivery, "id" | "payload" | "claim"> {
  const task = unpackTask(packed);
  const hint = { taskId: taskId(task.jobId, task.item), generation: task.generation };
  return {
    id: `${hint.taskId}/${hint.generation}`,
    payload: JSON.stringify(hint),
    claim: { claimed: true, task, job: job!, deliveries: [] },
  };
}
