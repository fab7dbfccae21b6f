import type { JobRecord } from "../domain/records.ts";
import type { Store } from "../ports/store/store.ts";

/** The name of each job's first item, which identifies the job in lists; `null` if it has none. */
export function firstItemNames(
  store: Pick<Store, "items">,
  jobs: readonly Pick<JobRecord, "id">[],
): Promise<(string | null)[]> {
  return Promise.all(
    jobs.map(async ({ id }) => {
      const [first] = await store.items({ jobId: id, limit: 1 });
      return first?.name || null;
    }),
  );
}
