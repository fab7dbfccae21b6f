import { once } from "node:events";
import type { Socket } from "node:net";
import { type Channel, type ChannelModel, connect } from "amqplib";
import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";

/** A connection that reconnects by itself. What was opened on it does not come back: `onConnect` opens it again. */
export interface Link {
  /** The current connection. Throws `unavailable` while there is none. */
  model(): ChannelModel;
  /** Why the server currently accepts no messages (an alarm: memory or disk), or `undefined`. */
  blocked(): string | undefined;
  /** Called after every reconnect, not for the first connection. Returns an unsubscribe function. */
  onConnect(listener: () => void): () => void;
  /** Closes it, even if the server does not answer. */
  close(): Promise<void>;
}

/** After two of these without a sign of life the other side counts as dead. */
const HEARTBEAT_S = 5;
const CLOSE_MS = 2_000;
/** Silence after which an attempt to connect fails. Long, because a busy process may be late to read the answer. */
const CONNECT_MS = 15_000;

/** Fails at once if the first attempt fails; after that, reconnects forever. */
export async function openLink(url: string, role: string): Promise<Link> {
  const listeners = new Set<() => void>();
  let current: ChannelModel | undefined;
  let failure: unknown = new Error("disconnected");
  let alarm: string | undefined;

  const recovering = await connect(withHeartbeat(url), {
    timeout: CONNECT_MS,
    noDelay: true,
    clientProperties: { connection_name: `millrace-${role}` },
    recovery: { initialMaxRetries: 0, initialDelay: 50, maxDelay: 3_000, jitter: 0.5, waitForConnect: false },
  }).catch((error: unknown) => {
    throw refused(url, error);
  });
  const keep = (error: unknown) => {
    failure = error;
  };
  recovering.on("error", keep);
  recovering.on("connect-failed", keep);
  recovering.on("disconnect", (error) => {
    current = undefined;
    failure = error;
  });
  recovering.on("blocked", (reason) => {
    alarm = reason;
  });
  recovering.on("unblocked", () => {
    alarm = undefined;
  });
  recovering.on("connect", (model) => {
    current = model;
    alarm = undefined;
    for (const listener of listeners) listener();
  });

  try {
    await recovering.waitForConnect();
  } catch (error) {
    throw refused(url, error);
  }
  return {
    model() {
      if (!current) throw unavailable(failure);
      return current;
    },
    blocked: () => alarm,
    onConnect(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      const socket = current && socketOf(current);
      current = undefined;
      // A connection that breaks meanwhile never confirms that it was closed.
      const broken = socket ? once(socket, "close") : new Promise<never>(() => {});
      await patiently(CLOSE_MS, Promise.race([recovering.close(), broken])).catch(() => {});
      socket?.destroy();
    },
  };
}

/** amqplib's types do not expose the socket; unless it is destroyed, a dead server would keep the process alive. */
function socketOf(model: ChannelModel): Socket | undefined {
  return (model.connection as unknown as { stream?: Socket }).stream;
}

function withHeartbeat(url: string): string {
  if (!URL.canParse(url)) throw new MillraceError("config_invalid", "The URL of RabbitMQ is malformed");
  const changed = new URL(url);
  if (!changed.searchParams.has("heartbeat")) changed.searchParams.set("heartbeat", String(HEARTBEAT_S));
  return changed.href;
}

/** Why opening failed, in one line and without the password. */
function refused(url: string, cause: unknown): MillraceError {
  const { host, pathname } = new URL(url);
  const message = whyUnreachable(cause);
  if (/ACCESS.REFUSED|\b403\b/i.test(message)) {
    return new MillraceError(
      "config_invalid",
      `RabbitMQ at ${host} rejects the user or password in the URL`,
      { cause },
    );
  }
  if (/NOT.ALLOWED|\b530\b|ConnectionOpenOk/i.test(message)) {
    const vhost = decodeURIComponent(pathname.slice(1)) || "/";
    return new MillraceError(
      "config_invalid",
      `RabbitMQ at ${host} denies access to the virtual host "${vhost}"`,
      { cause },
    );
  }
  return new MillraceError("unavailable", `RabbitMQ at ${host} cannot be used: ${message}.`, { cause });
}

/** The client's error as one of the catalog's. */
export function unavailable(cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  return new MillraceError("unavailable", "RabbitMQ sent an unexpected response", { cause });
}

/** Rejects with `unavailable` after `ms`. */
export async function patiently<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unavailable(new Error(`no answer within ${ms} ms`))), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects with `unavailable` after `ms`, and then closes what is opened late. */
export async function openedWithin<T extends { close(): Promise<void> }>(
  ms: number,
  opening: Promise<T>,
): Promise<T> {
  let isLate = false;
  opening.then((opened) => (isLate ? opened.close() : undefined)).catch(() => {});
  try {
    return await patiently(ms, opening);
  } catch (error) {
    isLate = true;
    throw error;
  }
}

export async function closeChannel(channel: Channel): Promise<void> {
  // Closing twice throws, and so does a dead connection.
  await patiently(
    CLOSE_MS,
    Promise.resolve().then(() => channel.close()),
  ).catch(() => {});
}
