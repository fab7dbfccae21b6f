import type { FastifyBaseLogger } from "fastify";
import type { Engine } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { MillraceError } from "../../errors.ts";
import { type Listener, type OwnerLog, openOwnerLog } from "./owner-log.ts";

/**
 * One fan-out in memory for all who listen in this process, whatever their number: one subscription to
 * each bus topic, and one reader of the store for each owner who has listeners.
 */
export interface EventHub {
  /**
   * From when this resolves, every event after `position` reaches the listener, in order and once.
   * What is at or before `position` is in the store.
   */
  listen(owner: string, listener: Listener): Promise<Listening>;
  close(): Promise<void>;
}

export interface Listening {
  readonly position: number;
  stop(): void;
}

/** A poke may be lost: the log is read this often while somebody listens. */
const CHECK_MS = 1_000;

export async function createEventHub(
  engine: Pick<Engine, "store" | "bus" | "messages">,
  logger: FastifyBaseLogger,
): Promise<EventHub> {
  const logs = new Map<string, OwnerLog>();
  let closed = false;

  function tail(log: OwnerLog): void {
    log
      .tail()
      .catch((error: unknown) =>
        logger.warn({ err: error }, "the event log could not be read; trying again"),
      );
  }

  function tailAll(): void {
    for (const log of logs.values()) tail(log);
  }

  function onPoke(message: string): void {
    const owner = engine.messages.owner(message);
    const log = owner === null ? undefined : logs.get(owner);
    if (log) tail(log);
  }

  function onLive(text: string): void {
    if (logs.size === 0) return;
    const message = engine.messages.live(text);
    if (message) logs.get(message.owner)?.live(message).catch(ignoreLive);
  }

  /** Live messages may be lost: the log tells the truth. */
  function ignoreLive(error: unknown): void {
    logger.debug({ err: error }, "a live message was dropped");
  }

  const subscriptions = [
    await engine.bus.subscribe(topics.log, onPoke, tailAll),
    await engine.bus.subscribe(topics.live, onLive),
  ];
  const timer = setInterval(tailAll, CHECK_MS);
  timer.unref();

  return {
    async listen(owner, listener) {
      if (closed) throw new MillraceError("unavailable", "The server is closing.", { retryAfter: 1 });
      for (;;) {
        const log = logs.get(owner) ?? openOwnerLog(engine.store, owner);
        logs.set(owner, log);
        try {
          await log.ready;
        } catch (error) {
          if (logs.get(owner) === log) logs.delete(owner);
          throw error;
        }
        // Its last listener may have left meanwhile, and the log with it.
        if (logs.get(owner) !== log) continue;
        log.add(listener);
        const stop = () => {
          if (log.remove(listener) && logs.get(owner) === log) logs.delete(owner);
        };
        return { position: log.position(), stop };
      }
    },
    async close() {
      closed = true;
      clearInterval(timer);
      logs.clear();
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    },
  };
}
