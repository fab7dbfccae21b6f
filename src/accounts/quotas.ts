import type { UsageRecords } from "../database/usage.ts";
import type { QuotaName, QuotaOverrides, Quotas } from "../domain/accounts.ts";
import type { Coming, QuotaGuard } from "../engine/quotas.ts";
import { MillraceError } from "../errors.ts";
import type { Store } from "../ports/store/store.ts";

const DAY_MS = 24 * 3_600_000;
/** `Retry-After` for the job quota: jobs may end at any time. */
const JOBS_RETRY_S = 10;
/** Summing up an owner's files is slow, so between two sums we add up what arrives. */
const SUM_MS = 10_000;
/** After this long, the records include a new job in any count. */
const COUNTED_MS = 10_000;
const MOST_SUMS = 10_000;

export interface QuotaParts {
  store: Pick<Store, "ownerUsage" | "now">;
  usage: UsageRecords;
  /** Default quotas. */
  usual: Quotas;
  /** Quotas that an admin has set for a user. */
  overrides(owner: string): Promise<QuotaOverrides>;
}

export interface Usage {
  limits: Quotas;
  jobs: number;
  itemsToday: number;
  storedBytes: number;
  /** When today's item count resets. */
  dayEndsAt: number;
}

export interface OwnerQuotas extends QuotaGuard {
  of(owner: string): Promise<Usage>;
  forget(owner: string): Promise<void>;
}

interface Creation {
  endedAt: number | null;
}

interface Sum {
  at: number;
  bytes: number;
  /** When the first of these files expires. */
  nextExpiry: number | null;
}

export function createQuotas({ store, usage, usual, overrides }: QuotaParts): OwnerQuotas {
  const sums = new Map<string, Sum>();
  /** Bytes being uploaded to this process. */
  const arriving = new Map<string, number>();
  /** Jobs that the records may not count yet, because they were just created or still are being created. */
  const recent = new Map<string, Set<Creation>>();

  const limitsOf = async (owner: string): Promise<Quotas> => ({ ...usual, ...(await overrides(owner)) });
  const today = () => Math.floor(store.now() / DAY_MS);

  async function summed(owner: string): Promise<Sum> {
    const known = sums.get(owner);
    if (known && performance.now() - known.at < SUM_MS) return known;
    const [stored, uploaded] = await Promise.all([store.ownerUsage({ owner }), usage.uploadedBytes(owner)]);
    const sum = { at: performance.now(), bytes: stored.bytes + uploaded, nextExpiry: stored.nextExpiry };
    sums.delete(owner);
    sums.set(owner, sum);
    if (sums.size > MOST_SUMS) sums.delete(sums.keys().next().value!);
    return sum;
  }

  async function refuseJobs(owner: string, limit: number | null): Promise<void> {
    if (limit === null) return;
    const askedAt = performance.now();
    const { openJobs } = await store.ownerUsage({ owner });
    refuseAnother(owner, { openJobs, askedAt, limit });
  }

  /** Like `refuseJobs`, but also counts the job, with no await in between. */
  async function beginJob(owner: string, limit: number | null): Promise<Creation> {
    if (limit === null) return begin(owner);
    const askedAt = performance.now();
    const { openJobs } = await store.ownerUsage({ owner });
    refuseAnother(owner, { openJobs, askedAt, limit });
    return begin(owner);
  }

  function refuseAnother(
    owner: string,
    { openJobs, askedAt, limit }: { openJobs: number; askedAt: number; limit: number },
  ): void {
    const others = [...(recent.get(owner) ?? [])];
    const uncounted = others.filter(({ endedAt }) => endedAt === null || endedAt > askedAt).length;
    if (openJobs + uncounted < limit) return;
    throw refusal("jobs", limit, `You have ${openJobs} unfinished jobs. The limit is ${limit}.`, {
      retryAfter: JOBS_RETRY_S,
    });
  }

  async function roomOf(owner: string, limit: number | null, bytes: number): Promise<number> {
    if (limit === null) return Number.POSITIVE_INFINITY;
    const sum = await summed(owner);
    const left = limit - sum.bytes - (arriving.get(owner) ?? 0);
    if (left > 0 && left >= bytes) return left;
    throw full(sum, { limit, bytes });
  }

  function full({ bytes: used, nextExpiry }: Sum, { limit, bytes }: { limit: number; bytes: number }) {
    const more = bytes > 0 ? `; this needs ${bytes} more` : "";
    const text = `Your files use ${used} of ${limit} bytes${more}. Delete jobs or uploads that you no longer need.`;
    return refusal("storedBytes", limit, text, frees(nextExpiry, store.now()));
  }

  function received(owner: string, bytes: number): void {
    const sum = sums.get(owner);
    if (sum) sum.bytes += bytes;
  }

  async function coming(owner: string): Promise<Coming> {
    const limit = (await limitsOf(owner)).storedBytes;
    if (limit === null) return { take() {}, recorded() {}, end() {} };
    const known = await summed(owner);
    let own = 0;
    const add = (bytes: number) => {
      own += bytes;
      const all = (arriving.get(owner) ?? 0) + bytes;
      if (all > 0) arriving.set(owner, all);
      else arriving.delete(owner);
    };
    return {
      take(bytes) {
        const sum = sums.get(owner) ?? known;
        if (sum.bytes + (arriving.get(owner) ?? 0) + bytes > limit) throw full(sum, { limit, bytes });
        add(bytes);
      },
      recorded(bytes) {
        received(owner, bytes);
        add(-Math.min(bytes, own));
      },
      end: () => add(-own),
    };
  }

  function begin(owner: string): Creation {
    const creation: Creation = { endedAt: null };
    recent.set(owner, (recent.get(owner) ?? new Set()).add(creation));
    return creation;
  }

  function end(owner: string, creation: Creation): void {
    const own = recent.get(owner);
    own?.delete(creation);
    if (own?.size === 0) recent.delete(owner);
  }

  return {
    async check(owner) {
      const limits = await limitsOf(owner);
      await refuseJobs(owner, limits.jobs);
      await roomOf(owner, limits.storedBytes, 0);
    },

    room: async (owner, bytes = 0) => roomOf(owner, (await limitsOf(owner)).storedBytes, bytes),

    coming,

    received,

    async counted(owner, items, create) {
      const limits = await limitsOf(owner);
      const creation = await beginJob(owner, limits.jobs);
      const day = today();
      try {
        const most = limits.itemsPerDay ?? Number.MAX_SAFE_INTEGER;
        if (!(await usage.addItems(owner, day, items, most))) {
          const used = await usage.items(owner, day);
          const text = `You have used ${used} of ${most} items today. This request needs ${items} more.`;
          throw refusal("itemsPerDay", most, text, frees((day + 1) * DAY_MS, store.now()));
        }
        const created = await create().catch(async (error: unknown) => {
          await usage.returnItems(owner, day, items);
          throw error;
        });
        if (!created.created) await usage.returnItems(owner, day, items);
        return created;
      } finally {
        creation.endedAt = performance.now();
        setTimeout(() => end(owner, creation), COUNTED_MS).unref();
      }
    },

    async of(owner) {
      const day = today();
      sums.delete(owner);
      const [limits, { openJobs }, { bytes }, itemsToday] = await Promise.all([
        limitsOf(owner),
        store.ownerUsage({ owner }),
        summed(owner),
        usage.items(owner, day),
      ]);
      return { limits, jobs: openJobs, itemsToday, storedBytes: bytes, dayEndsAt: (day + 1) * DAY_MS };
    },

    forget: (owner) => usage.forget(owner),
  };
}

function frees(at: number | null, now: number): { retryAfter?: number; freesAt?: string } {
  if (at === null) return {};
  return { retryAfter: Math.max(1, Math.ceil((at - now) / 1_000)), freesAt: new Date(at).toISOString() };
}

function refusal(
  quota: QuotaName,
  limit: number,
  text: string,
  { retryAfter, freesAt }: { retryAfter?: number; freesAt?: string },
): MillraceError {
  const extra = { quota, limit, ...(freesAt && { freesAt }) };
  return new MillraceError("quota_exceeded", text, { retryAfter, extra });
}
