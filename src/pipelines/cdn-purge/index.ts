import { createHash } from "node:crypto";
import { z } from "zod";
import { MillraceError } from "../../errors.ts";
import type { BatchCall } from "../../pipeline/batch.ts";
import type { EachContext } from "../../pipeline/context.ts";
import { PermanentError, RetryableError, Snooze } from "../../pipeline/control.ts";
import { definePipeline } from "../../pipeline/pipeline.ts";

/** Purges URLs within the CDN's rate limits. */
export interface Purger {
  /** For example, `cloudflare`. */
  readonly network: string;
  /** Prefix that all URLs must have. */
  readonly base: string;
  /** Maximum number of URLs per call. */
  readonly batch: number;
  /** Reserves room for this many URLs, or says how long to wait. */
  take(addresses: number): Promise<{ ok: true } | { ok: false; waitMs: number }>;
  purge(urls: readonly string[], options: { reference: string; signal: AbortSignal }): Promise<void>;
}

const MAX_ADDRESSES = 10_000;
const USUAL_BATCH = 30;
const RETRY_MS = 30_000;

const data = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .meta({
      title: "Address",
      description: "A public address of this server, below MILLRACE_CDN_URL.",
    }),
});

type Task = EachContext<unknown, null, z.output<typeof data>>;

/** The built-in pipeline that purges files from the CDN. Safe to repeat. */
export function createCdnPurge(purger: Purger | null) {
  return definePipeline({
    name: "cdn.purge",
    version: 1,
    title: "Clear from the CDN",
    description: "Clears copies of published files from the content delivery network.",
    accepts: { data, maxItems: MAX_ADDRESSES },
  }).batch(
    "purge",
    { size: purger?.batch ?? USUAL_BATCH, waitMs: 1_000, attempts: 5, timeoutMs: 120_000 },
    (tasks, call) => purge(purger, tasks, call),
  );
}

async function purge(purger: Purger | null, tasks: readonly Task[], { signal }: BatchCall) {
  if (!purger) {
    const text = "This server has no content delivery network. Its operator must set MILLRACE_CDN first.";
    return tasks.map(() => new PermanentError("no_cdn", text));
  }
  const outcomes = new Map<Task, Error>();
  for (const task of tasks) {
    if (!isBelow(task.data.url, purger.base)) {
      const text = `Only addresses that begin with ${purger.base} are cleared.`;
      outcomes.set(task, new PermanentError("address_refused", text));
    }
  }
  const asked = tasks.filter((task) => !outcomes.has(task));
  const failure = asked.length > 0 ? await clear(purger, asked, signal) : null;
  const result = (task: Task) => ({ url: task.data.url, network: purger.network });
  return tasks.map((task) => outcomes.get(task) ?? failure ?? result(task));
}

/** Returns the error of these tasks, or `null`. Throws if a single URL may have failed the whole call. */
async function clear(purger: Purger, tasks: readonly Task[], signal: AbortSignal): Promise<Error | null> {
  const urls = [...new Set(tasks.map(({ data }) => data.url))];
  const room = await purger.take(urls.length);
  if (!room.ok) return new Snooze(room.waitMs);
  try {
    await purger.purge(urls, { reference: referenceOf(tasks), signal });
    return null;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const { code, message, retryAfter, cause } = error;
    if (code === "rate_limited") return new Snooze(retryAfter === undefined ? RETRY_MS : retryAfter * 1_000);
    if (code === "provider_unavailable") return new RetryableError(message, { code, cause });
    if (code === "invalid_request") throw new PermanentError(code, message, { cause });
    return new PermanentError(code, message, { cause });
  }
}

function isBelow(url: string, base: string): boolean {
  // Normalized as the CDN will do it: without "..", and with a lowercase host.
  return new URL(url).href.startsWith(`${new URL(base).href.replace(/\/$/, "")}/`);
}

/** The same for the same tasks, so that the CDN recognizes a retried call. */
function referenceOf(tasks: readonly Task[]): string {
  const hash = createHash("sha256");
  for (const { jobId, index } of tasks) hash.update(`${jobId} ${index}\n`);
  return hash.digest("hex");
}
