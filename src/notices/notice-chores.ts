import { setTimeout as sleep } from "node:timers/promises";
import type { ChoreRecords } from "../database/chores.ts";
import type { NoticeRecords } from "../database/notices.ts";
import { KEEP_NOTICES_MS } from "../domain/notices.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Store } from "../ports/store/store.ts";
import { warnOfExpiry } from "./expiry-warnings.ts";
import type { Notices } from "./notices.ts";

const LOOK_MS = 2_000;
/** Interval at which one process looks for expiring results. */
const WARN_EVERY_MS = 10_000;
const TRIM_EVERY_MS = 60_000;

/** Periodic work that one of all processes does. */
export function startNoticeChores({
  store,
  records,
  chores,
  notices,
  log,
}: {
  store: Pick<Store, "expiring" | "now">;
  records: NoticeRecords;
  chores: ChoreRecords;
  notices: Pick<Notices, "told">;
  log: StepLog;
}): { close(): Promise<void> } {
  const stop = new AbortController();

  async function look(): Promise<void> {
    const now = store.now();
    if (await chores.begin("warn of expiry", now, WARN_EVERY_MS)) {
      for (const owner of await warnOfExpiry(store, records)) await notices.told(owner);
    }
    if (!(await chores.begin("trim notifications", now, TRIM_EVERY_MS))) return;
    let after: string | null = "";
    while (after !== null && !stop.signal.aborted) after = await records.trim(after, now - KEEP_NOTICES_MS);
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn("notifications were delayed", { error: (error as Error).message });
      });
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    async close() {
      stop.abort();
      await loop;
    },
  };
}
