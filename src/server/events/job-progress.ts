import { progressOf } from "../../domain/views.ts";
import type { Store } from "../../ports/store/store.ts";

/** Jobs whose progress is cached for live events. */
const MAX_KNOWN = 10_000;

/** Progress of an owner's open jobs, as of their last events. */
export function jobProgress(store: Pick<Store, "job">, owner: string) {
  const known = new Map<string, unknown>();
  const asked = new Map<string, Promise<void>>();

  function remember(jobId: string, present: unknown): void {
    known.set(jobId, present);
    if (known.size > MAX_KNOWN) known.delete(known.keys().next().value!);
  }

  async function ask(jobId: string): Promise<void> {
    const job = await store.job({ owner, id: jobId });
    if (job?.finishedAt === null && !known.has(jobId)) remember(jobId, progressOf(job));
  }

  return {
    has: (jobId: string) => known.has(jobId),
    get: (jobId: string) => known.get(jobId),
    remember,
    forget: (jobId: string) => void known.delete(jobId),
    /** Queries a job once for all concurrent messages. They wait for the same answer and so stay in order. */
    async find(jobId: string): Promise<void> {
      if (known.has(jobId) && !asked.has(jobId)) return;
      const asking = asked.get(jobId) ?? ask(jobId).finally(() => asked.delete(jobId));
      asked.set(jobId, asking);
      await asking;
    },
  };
}
