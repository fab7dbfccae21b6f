import type { NoticeRecords } from "../database/notices.ts";
import { newId } from "../domain/ids.ts";
import type { QuotaGuard } from "../engine/quotas.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Notices } from "./notices.ts";

/** Fraction of a quota at which to warn. */
const NEAR = 0.8;
/** Minimum time between two checks of an owner. */
const LOOK_MS = 10_000;
/** Delay before a check, so that it sees what arrives together. */
const SETTLED_MS = 1_000;
const MOST_KNOWN = 10_000;
const DAY_MS = 24 * 3_600_000;

interface Used {
  limits: { itemsPerDay: number | null; storedBytes: number | null };
  itemsToday: number;
  storedBytes: number;
}

export interface QuotaWarningParts {
  notices: Pick<Notices, "told">;
  records: Pick<NoticeRecords, "addOnce">;
  /** The store's clock. */
  now(): number;
  log?: StepLog | undefined;
}

/**
 * Wraps quotas to warn owners who have used most of one, once a day. Checks in the background after new jobs and files.
 * Ignores open jobs, because those end by themselves.
 */
export function warningQuotas<Quotas extends QuotaGuard & { of(owner: string): Promise<Used> }>(
  quotas: Quotas,
  { notices, records, now, log }: QuotaWarningParts,
): Quotas {
  const looked = new Map<string, number>();

  async function look(owner: string): Promise<void> {
    const { limits, itemsToday, storedBytes } = await quotas.of(owner);
    const day = Math.floor(now() / DAY_MS);
    for (const [quota, used] of [
      ["itemsPerDay", itemsToday],
      ["storedBytes", storedBytes],
    ] as const) {
      const limit = limits[quota];
      if (limit === null || used < limit * NEAR) continue;
      const at = now();
      const data = { quota, used, limit };
      const notice = { owner, id: newId(at), kind: "quota.warning", at, jobId: null, data } as const;
      if (await records.addOnce(notice, { name: `quota/${quota}/${owner}`, at: day }))
        await notices.told(owner);
    }
  }

  function lookSoon(owner: string): void {
    const time = performance.now();
    if (time - (looked.get(owner) ?? Number.NEGATIVE_INFINITY) < LOOK_MS) return;
    looked.delete(owner);
    looked.set(owner, time);
    if (looked.size > MOST_KNOWN) looked.delete(looked.keys().next().value!);
    setTimeout(() => {
      look(owner).catch((error: unknown) =>
        log?.warn("a quota could not be checked", { error: (error as Error).message }),
      );
    }, SETTLED_MS).unref();
  }

  return {
    ...quotas,
    async counted(owner, items, create) {
      const created = await quotas.counted(owner, items, create);
      if (created.created) lookSoon(owner);
      return created;
    },
    received(owner, bytes) {
      quotas.received(owner, bytes);
      lookSoon(owner);
    },
  };
}
