import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { inboxRecords } from "../database/inbox.ts";
import type { InboxRow, Tables } from "../database/tables.ts";
import { firstIssues } from "../domain/issues.ts";
import { MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Database } from "../ports/database.ts";
import type { Created } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import type { Engine, Inbox, JobRequest } from "./engine.ts";
import { dataItems } from "./intake/data-items.ts";
import { boundedList, boundedObject, metadataStrings } from "./intake/json-bounds.ts";
import { MOST_FILES } from "./intake/request-checks.ts";
import { failureOf } from "./outcome.ts";

/** Poll interval of the reading process: the longest that a job waits, besides its creation. */
const LOOK_MS = 10;
const BATCH = 100;
/** How often the other processes check whether the reader is alive. */
const LEAD_LOOK_MS = 500;
const LEAD_MS = 2_000;
const FORGET_LOOK_MS = 600_000;
const KEY_MS = 24 * 3_600_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const file = z.union([
  z.strictObject({ artifactId: z.string().min(1).max(200) }),
  z.strictObject({ url: z.string().min(1).max(2_048) }),
]);
const requestShape = z.strictObject({
  options: boundedObject.default({}),
  items: dataItems.default([]),
  files: boundedList(file, MOST_FILES).default([]),
  metadata: metadataStrings.optional(),
});

interface Parts {
  store: Pick<Store, "now">;
  database: Database<Tables>;
  createJob(request: JobRequest): Promise<Created>;
}

/**
 * Creates the jobs that programs submit by SQL. A job has the id of its row, so it is created only once, however many
 * processes take the row. A row that does not fit its pipeline becomes a job that has failed for that reason.
 */
export function inbox({ store, database, createJob }: Parts): Inbox {
  const records = inboxRecords(database);

  async function take(row: InboxRow): Promise<void> {
    const { id, owner, pipeline } = row;
    try {
      const { job } = await createJob(requestOf(row));
      if (job.id !== id)
        throw new MillraceError("already_exists", `The idempotency key belongs to the job ${job.id}.`);
    } catch (error) {
      // Transient errors are retried; any other would hold up the jobs behind it.
      if (error instanceof MillraceError && error.retryable) throw error;
      const refusal = failureOf(error);
      await createJob({ id, owner, pipeline, options: {}, files: [], refusal });
    }
  }

  async function takeAll(rows: readonly InboxRow[]): Promise<void> {
    const results = await Promise.allSettled(rows.map(take));
    const ids = rows.filter((_, index) => results[index]!.status === "fulfilled").map(({ id }) => id);
    if (ids.length > 0) await records.taken(ids, store.now());
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  return {
    async takeOne(id) {
      const row = UUID.test(id) ? await records.one(id) : null;
      if (row) await takeAll([row]);
    },
    async takeSome() {
      const rows = await records.waiting(BATCH);
      await takeAll(rows);
      return rows.length;
    },
  };
}

function requestOf(row: InboxRow): JobRequest {
  const { id, owner, pipeline } = row;
  const parsed = requestShape.safeParse(JSON.parse(row.request));
  if (!parsed.success) {
    const issues = firstIssues(parsed.error.issues);
    const [first] = issues;
    throw new MillraceError("invalid_request", `${first?.path || "The request"}: ${first?.message}`, {
      extra: { issues },
    });
  }
  return {
    ...parsed.data,
    id,
    owner,
    pipeline,
    fromInside: true,
    priority: row.priority ?? undefined,
    startAt: row.start_at ?? undefined,
    idempotencyKey: row.idempotency_key ?? undefined,
  };
}

/** Reads the inbox while this process is the reader. A reader that dies is replaced within seconds. */
export function startInboxReader(
  { inbox, store, database }: Pick<Engine, "inbox" | "store" | "database">,
  log: StepLog,
): { close(): Promise<void> } {
  if (!inbox) return { close: async () => {} };
  const records = inboxRecords(database);
  const reader = randomUUID();
  const stop = new AbortController();
  const { signal } = stop;
  let leadsUntil = 0;
  let leadAgain = 0;
  let forgottenAt = 0;

  async function look(): Promise<number> {
    const now = performance.now();
    if (now >= leadAgain) {
      const present = store.now();
      const leads = await records.lead(reader, present, present + LEAD_MS);
      leadsUntil = leads ? now + LEAD_MS : 0;
      leadAgain = now + LEAD_LOOK_MS;
    }
    if (now >= leadsUntil) return LEAD_LOOK_MS;
    if (now - forgottenAt > FORGET_LOOK_MS) {
      forgottenAt = now;
      await records.forget(store.now() - KEY_MS);
    }
    return (await inbox!.takeSome()) === BATCH ? 0 : LOOK_MS;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const wait = await look().catch((error: Error) => {
        if (!signal.aborted) log.warn("jobs submitted by SQL are waiting", { error: error.message });
        return LEAD_LOOK_MS;
      });
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
    if (leadsUntil > 0) await records.resign(reader).catch(() => {});
  }

  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}
