import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";
import { unlessHeldUp } from "../held-up.ts";

export interface Target {
  /** For the client, with the schema as its search path and without Millrace's own parameters. */
  connectionString: string;
  schema: string;
  /** `host:port/database`, for messages. */
  name: string;
}

/**
 * Forces index scans whatever the statistics say: a plan that scans a table, chosen while it was small, would persist
 * when it has a million rows.
 */
const planning = [
  "enable_seqscan=off",
  "enable_bitmapscan=off",
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  "jit=off",
  "plan_cache_mode=force_generic_plan",
];

/** Retries after conflicts with other transactions. */
const MAX_CONFLICTS = 10;

/** How long connecting may take before the server counts as down. */
const CONNECT_MS = 5_000;

/** Parses `postgres://user:password@host:port/database?schema=millrace`. */
export function targetOf(url: string): Target {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    throw new MillraceError("config_invalid", "The PostgreSQL URL is malformed.", { cause: error });
  }
  const schema = parsed.searchParams.get("schema") ?? "millrace";
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) {
    throw new MillraceError(
      "config_invalid",
      `The schema "${schema.slice(0, 60)}" must be at most 40 lower-case letters, digits and underscores.`,
    );
  }
  parsed.searchParams.delete("schema");
  const given = parsed.searchParams.get("options");
  parsed.searchParams.set(
    "options",
    [given, `-c search_path=${schema}`, ...planning.map((one) => `-c ${one}`)].filter(Boolean).join(" "),
  );
  const database = parsed.pathname.slice(1) || parsed.username || "postgres";
  return {
    connectionString: parsed.href,
    schema,
    name: `${parsed.hostname || "localhost"}:${parsed.port || 5432}/${database}`,
  };
}

const INT8 = 20;
const JSON_TEXT = 114;

const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === INT8) return Number;
    // Left as text: it is parsed again for each pass of a batch, and often not at all.
    if (oid === JSON_TEXT) return (text: string) => text;
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
  },
};

function settings(target: Target, role: string): pg.ClientConfig {
  return {
    connectionString: target.connectionString,
    application_name: `millrace ${role}`,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    types,
    pipeline: true,
  };
}

/** @param max most connections; they are opened as needed and closed when idle */
export function openPool(target: Target, role: string, max: number): pg.Pool {
  const pool = new pg.Pool({ ...settings(target, role), max, idleTimeoutMillis: 30_000 });
  // An idle connection broke: the next query opens another.
  pool.on("error", () => {});
  // A connection in use broke: its queries report that, and an unhandled event would end the process.
  pool.on("connect", (client) => {
    client.on("error", () => {});
  });
  return pool;
}

export async function openClient(target: Target, role: string): Promise<pg.Client> {
  return unlessHeldUp(CONNECT_MS, isTimeout, async () => {
    const client = new pg.Client(settings(target, role));
    client.on("error", () => {});
    await client.connect();
    return client;
  });
}

/** Sends statements on one connection together, and waits for all of them even if some fail. */
export async function pipeline<T extends readonly Promise<unknown>[]>(
  client: pg.ClientBase,
  send: () => T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  const { stream } = (client as unknown as { connection: { stream: import("node:net").Socket } }).connection;
  stream.cork();
  const sent = send();
  stream.uncork();
  const settled = await Promise.allSettled(sent);
  const failed = settled.find((one) => one.status === "rejected");
  // The first failure is the cause: later statements only report that the transaction is aborted.
  if (failed) throw failed.reason;
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never;
}

/** Fails with one clear line if the server cannot be used as configured. */
export async function assertReachable(pool: pg.Pool, target: Target): Promise<void> {
  try {
    await unlessHeldUp(CONNECT_MS, isTimeout, () => pool.query("SELECT 1"));
  } catch (error) {
    throw openingError(error, target);
  }
}

export function openingError(error: unknown, target: Target): MillraceError {
  const { code = "", message } = error as { code?: string; message: string };
  const answered = /^[0-9A-Z]{5}$/.test(code);
  const text = answered
    ? `PostgreSQL at ${target.name} reports an error: ${message}.`
    : `Cannot use PostgreSQL at ${target.name}: ${whyUnreachable(error)}.`;
  return new MillraceError(answered && !isOutage(error) ? "config_invalid" : "unavailable", text, {
    cause: error,
  });
}

/** A transient failure: of the connection, or of a server that is starting or stopping. */
export function isOutage(error: unknown): boolean {
  const { code, message = "" } = error as { code?: unknown; message?: string };
  if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return /^(08|57P0|53300|25006)/.test(code);
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return true;
  return /connection|timeout exceeded|timeout expired|not queryable|read timeout/i.test(message);
}

/** A conflict, after which the same transaction may well succeed. */
export function isConflict(error: unknown): boolean {
  return /^(40001|40P01|55P03|23505)$/.test(String((error as { code?: unknown }).code));
}

const DISK_FULL = "53100";

export function toError(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  if (isOutage(error)) return new MillraceError("unavailable", "Cannot reach PostgreSQL.", { cause: error });
  if ((error as { code?: unknown }).code === DISK_FULL)
    return new MillraceError("storage_full", "The disk of the PostgreSQL server is full.", { cause: error });
  if (isConflict(error)) {
    const text = `Too many concurrent changes to the same records: PostgreSQL rejected the transaction ${MAX_CONFLICTS} times.`;
    return new MillraceError("unavailable", text, { cause: error });
  }
  return new MillraceError("internal", (error as Error).message, { retryable: false, cause: error });
}

/**
 * Retries after conflicts with others, with growing pauses. Each attempt must be one transaction or one statement, so
 * that a failed one leaves nothing behind.
 */
export async function retryConflicts<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || tries > MAX_CONFLICTS) throw error;
      await pause(Math.random() * 10 * tries);
    }
  }
}

/** A connection that timed out has sent nothing. */
function isTimeout(error: Error): boolean {
  return /timeout exceeded|timeout expired|connection timeout/i.test(error.message);
}

/** Runs a query like `asking`, and returns its rows. */
export type Ask = <Row>(query: pg.QueryConfig) => Promise<Row[]>;

/** Calls the client, and turns its failure into an error of the catalog. */
export async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await unlessHeldUp(CONNECT_MS, isTimeout, () => retryConflicts(call));
  } catch (error) {
    throw toError(error);
  }
}
