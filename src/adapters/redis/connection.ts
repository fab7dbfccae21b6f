import { Redis, type RedisOptions } from "ioredis";
import { backoffMs } from "../../domain/backoff.ts";
import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";
import { unlessHeldUp } from "../held-up.ts";

/** How long connecting may take before the server counts as down. */
const CONNECT_MS = 3_000;

/**
 * Opens a connection that fails at once if the first attempt fails, and reconnects forever after that. While it is
 * down, commands are refused rather than queued, because the callers have an outbox. Commands whose answer was lost are
 * refused too, and never resent behind the caller's back.
 */
export async function connect(url: string, role: string): Promise<Redis> {
  return unlessHeldUp(CONNECT_MS, isTimeout, () => connectOnce(url, role));
}

/** ioredis's own timeout; see `refused` for the cause. */
function isTimeout(error: Error): boolean {
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT";
}

async function connectOnce(url: string, role: string): Promise<Redis> {
  const redis = new Redis(url, { ...options, connectionName: `millrace-${role}` });
  let failure: unknown;
  // ioredis prints errors that have no listener; refused calls report the cause of an outage.
  redis.on("error", (error) => {
    failure = error;
  });
  try {
    await redis.connect();
    // An unknown database is only reported as an event, and leaves the connection in database 0.
    if (failure) throw failure;
    await requireVersion(redis);
    return redis;
  } catch (error) {
    redis.disconnect();
    if (error instanceof MillraceError) throw error;
    throw refused(url, failure ?? error);
  }
}

const options: RedisOptions = {
  lazyConnect: true,
  // Gives pub/sub and streams the same shapes on every server.
  protocol: 2,
  autoResubscribe: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_MS,
  /** A connection whose answer is overdue for this long counts as dead. */
  socketTimeout: 6_000,
  retryStrategy: (attempt) => backoffMs(attempt, { baseMs: 50, maxMs: 2_000 }, Math.random()),
};

async function requireVersion(redis: Redis): Promise<void> {
  const version = /redis_version:(\d+)\.(\d+)/.exec(await redis.info("server"));
  if (version && Number(version[1]) * 100 + Number(version[2]) < 602) {
    throw new MillraceError(
      "config_invalid",
      `Redis ${version[1]}.${version[2]} is too old. Millrace needs 6.2 or later.`,
    );
  }
}

/** Why opening failed, in one line and without the password. */
function refused(url: string, cause: unknown): MillraceError {
  const address = URL.canParse(url) ? new URL(url).host : "the given address";
  const message = whyUnreachable(cause);
  const credentials = /WRONGPASS|NOAUTH|NOPERM|invalid password|DB index/i.test(message);
  return new MillraceError(
    credentials ? "config_invalid" : "unavailable",
    credentials
      ? `Redis at ${address} rejects the settings in the URL: ${message}.`
      : `Redis at ${address} cannot be used: ${message}.`,
    { cause },
  );
}

/** A refused command as one of the catalog's errors. */
export function unavailable(cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const lasting = /^(NOPERM|NOAUTH|WRONGTYPE|WRONGPASS)/.test(message);
  return new MillraceError("unavailable", "Redis sent an unexpected response", {
    cause,
    retryable: !lasting,
  });
}

/** Resolves when the server answers on this connection. */
export async function ping(redis: Redis): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer within 2 s")), 2_000);
  try {
    await Promise.race([redis.ping(), late.promise]);
  } catch (error) {
    throw unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the connection works again (true) or has ended for good (false). */
export async function ready(redis: Redis): Promise<boolean> {
  while (redis.status !== "ready") {
    if (redis.status === "end") return false;
    await new Promise<void>((resolve) => {
      const done = () => {
        redis.off("ready", done);
        redis.off("end", done);
        resolve();
      };
      redis.on("ready", done);
      redis.on("end", done);
    });
  }
  return true;
}
