import { setMaxListeners } from "node:events";
import type { FastifyBaseLogger } from "fastify";
import { newId } from "../../domain/ids.ts";
import type { Engine } from "../../engine/engine.ts";
import { type TextAsked, type TextTold, topics } from "../../engine/messages/topics.ts";
import { MillraceError } from "../../errors.ts";
import type { Notices } from "../../notices/notices.ts";
import { type NoticeTail, openNoticeTail } from "../notices/notice-tail.ts";
import { downloadFrame } from "./frame.ts";
import { type Listener, type OwnerLog, openOwnerLog } from "./owner-log.ts";
import type { TextSoFar } from "./text-catch-up.ts";

/**
 * In-memory fan-out to all listeners of this process, however many: one subscription per bus topic, and one reader of
 * the store per owner with listeners.
 */
export interface EventHub {
  /**
   * Once this resolves, the listener gets every event after `position`, in order and exactly once. Events up to
   * `position` are in the store.
   */
  listen(owner: string, listener: Listener): Promise<Listening>;
  /** Asks the workers for the text that a job has streamed so far. @returns stops listening */
  askTexts(owner: string, jobId: string, onText: (soFar: TextSoFar) => void): () => void;
  /** Aborted when the server begins to close: requests that wait for an event answer with what there is. */
  readonly closing: AbortSignal;
  beginClose(): void;
  close(): Promise<void>;
}

export interface Listening {
  readonly position: number;
  stop(): void;
}

/** Poll interval while someone listens, because notifications from the bus may be lost. */
const CHECK_MS = 1_000;
/** Poll interval for notifications without a job event, because their bus messages may be lost, too. */
const NOTICES_CHECK_MS = 15_000;

export async function createEventHub(
  engine: Pick<Engine, "store" | "bus" | "messages">,
  logger: FastifyBaseLogger,
  notices: Pick<Notices, "latest" | "unread" | "locale">,
): Promise<EventHub> {
  const tails = new Map<OwnerLog, NoticeTail>();
  const logs = new Map<string, OwnerLog>();
  const asking = new Map<string, (told: TextTold) => void>();
  let closed = false;
  const closing = new AbortController();
  // Every request that waits listens to it.
  setMaxListeners(0, closing.signal);

  function tail(log: OwnerLog): void {
    log
      .tail()
      .catch((error: unknown) =>
        logger.warn({ err: error }, "the event log could not be read; trying again"),
      );
  }

  function look(owner: string): void {
    const log = logs.get(owner);
    const tail = log && tails.get(log);
    tail
      ?.look()
      .catch((error: unknown) =>
        logger.warn({ err: error }, "notifications could not be read; trying again"),
      );
  }

  function onNotified(message: string): void {
    const owner = engine.messages.notified(message);
    if (owner !== null) look(owner);
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

  function onTold(text: string): void {
    if (asking.size === 0) return;
    const told = engine.messages.textTold(text);
    if (told) asking.get(told.ask)?.(told);
  }

  function onDownload(text: string): void {
    if (logs.size === 0) return;
    const message = engine.messages.download(text);
    if (message) logs.get(message.owner)?.tell(downloadFrame(message));
  }

  /** Live messages may be lost. The log has everything that matters. */
  function ignoreLive(error: unknown): void {
    logger.debug({ err: error }, "a live message was dropped");
  }

  const subscriptions = [
    await engine.bus.subscribe(topics.log, onPoke, tailAll),
    await engine.bus.subscribe(topics.live, onLive),
    await engine.bus.subscribe(topics.textTold, onTold),
    await engine.bus.subscribe(topics.notices, onNotified),
    await engine.bus.subscribe(topics.downloads, onDownload),
  ];
  const timer = setInterval(tailAll, CHECK_MS);
  timer.unref();
  const noticeTimer = setInterval(() => {
    for (const owner of logs.keys()) look(owner);
  }, NOTICES_CHECK_MS);
  noticeTimer.unref();

  async function followNotices(owner: string, log: OwnerLog): Promise<void> {
    const tail = tails.get(log) ?? openNoticeTail(notices, owner, (frame) => log.tell(frame));
    tails.set(log, tail);
    try {
      await tail.ready;
    } catch (error) {
      // Follow the log anyway: the notification list has what is missing here.
      if (tails.get(log) === tail) tails.delete(log);
      logger.warn({ err: error }, "notifications could not be read");
    }
  }

  return {
    async listen(owner, listener) {
      if (closed) throw new MillraceError("unavailable", "The server is closing.", { retryAfter: 1 });
      for (;;) {
        const log = logs.get(owner) ?? openOwnerLog(engine.store, owner, () => look(owner));
        logs.set(owner, log);
        try {
          await log.ready;
        } catch (error) {
          if (logs.get(owner) === log) logs.delete(owner);
          throw error;
        }
        // The last listener may have left meanwhile and closed the log.
        if (logs.get(owner) !== log) continue;
        log.add(listener);
        if (listener.jobId === null) await followNotices(owner, log);
        const stop = () => {
          if (log.remove(listener) && logs.get(owner) === log) logs.delete(owner);
          if (!log.isFollowed) tails.delete(log);
        };
        return { position: log.position(), stop };
      }
    },
    askTexts(owner, jobId, onText) {
      const ask = newId();
      asking.set(ask, gathered(owner, jobId, onText));
      const question: TextAsked = { jobId, ask };
      engine.bus.publish(topics.textAsked, JSON.stringify(question)).catch(ignoreLive);
      return () => void asking.delete(ask);
    },
    closing: closing.signal,
    beginClose: () => closing.abort(),
    async close() {
      closed = true;
      clearInterval(timer);
      clearInterval(noticeTimer);
      tails.clear();
      logs.clear();
      await Promise.all(subscriptions.map((subscription) => subscription.close()));
    },
  };
}

/** Assembles texts from messages that carry pieces of them. Pieces of one publisher arrive in order. */
function gathered(owner: string, jobId: string, onText: (soFar: TextSoFar) => void) {
  const parts = new Map<string, string>();
  return (told: TextTold): void => {
    if (told.owner !== owner || told.jobId !== jobId) return;
    const { index, attempt, part, offset, length } = told;
    const key = `${index} ${part ?? ""} ${attempt}`;
    const before = offset === 0 ? "" : (parts.get(key) ?? "");
    if (before.length !== offset) return;
    const text = before + told.text;
    parts.set(key, text);
    if (text.length === length) onText({ index, attempt, text, ...(part !== undefined && { part }) });
  };
}
