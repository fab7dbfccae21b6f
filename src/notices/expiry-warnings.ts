import type { NoticeRecords } from "../database/notices.ts";
import { expiryWarning, WARN_MS } from "../domain/notices.ts";
import type { Store } from "../ports/store/store.ts";

/** Jobs per transaction. */
const PAGE = 200;
const CURSOR = "results.expiring";

/**
 * Warns once about results that expire within a day. Progress is recorded together with the warnings. Results kept for
 * less than a day were warned about when their job ended.
 * @returns the owners warned
 */
export async function warnOfExpiry(
  store: Pick<Store, "expiring" | "now">,
  records: Pick<NoticeRecords, "cursor" | "addAll">,
): Promise<Set<string>> {
  const warned = new Set<string>();
  const now = store.now();
  for (;;) {
    const known = await records.cursor(CURSOR);
    const after = known && known.at > now ? known : { at: now, id: "" };
    const jobs = await store.expiring({ after, until: now + WARN_MS, limit: PAGE });
    if (jobs.length === 0) return warned;
    const notices = jobs.flatMap((job) => expiryWarning(job) ?? []);
    const last = jobs.at(-1)!;
    await records.addAll(notices, { name: CURSOR, at: last.expiresAt!, id: last.id });
    for (const { owner } of notices) warned.add(owner);
    if (jobs.length < PAGE) return warned;
  }
}
