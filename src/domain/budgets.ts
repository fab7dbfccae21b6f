import { MillraceError } from "../errors.ts";

/**
 * How much may be taken over time: `limit` every `perMs`, coming back continuously rather than at the turn
 * of a minute. All who take from a key say the same about it.
 */
export interface Budget {
  /** 1 to 200 characters, none of them a NUL or half a surrogate pair. */
  key: string;
  /** What comes back every `perMs`; above 0. */
  limit: number;
  perMs: number;
  /** The most that gathers while nobody takes, and so the most that can be taken at once. @default limit */
  burst?: number;
}

export interface Charge extends Budget {
  /** 0 or more, in the unit of the limit: requests, tokens. */
  amount: number;
}

/** What a provider says about its own side of a budget, as in the headers of its answers. */
export interface ProviderLimit {
  /** What it still gives. */
  remaining: number;
  /**
   * Ms from now until it gives more, where it gives more all at once: the end of a fixed window, or of its
   * `Retry-After` (then with nothing remaining). Counted as a day at most. Left out where it refills
   * continuously. A duration, so that nobody's clock has to agree with another's.
   */
  resetMs?: number;
  /** Its limit for the budget's `perMs`; above 0. */
  limit?: number;
}

export type Taken = { ok: true } | { ok: false; waitMs: number };

/** What is kept of a budget that is not full. */
export interface BudgetRecord {
  /** Taken and not yet come back; above the burst after a correction. */
  used: number;
  /** When that was so; times are ms of the limiter's clock. */
  at: number;
  /** What a provider lets be taken before `until`. */
  left: number;
  until: number;
  /** The limit that a provider named. */
  learned: number | null;
  /** From then on the record says no more than none would. */
  idleAt: number;
}

/** Budgets that are not in it are full. Its records are replaced, never changed. */
export type BudgetRecords = Map<string, BudgetRecord>;

/** How long a limit that a provider named is kept when nobody uses the budget. */
export const LEARNED_MS = 3_600_000;
export const LONGEST_RESET_MS = 86_400_000;
/** Below what clocks can tell: rounding must not make a wait that was obeyed a moment too short. */
const EPSILON_MS = 0.001;

/** `over`: the index of the charge that is larger than its budget ever gets, and how large that is. */
export type Verdict = Taken | { over: number; most: number };

/** Takes all of the charges, or none. */
export function take(records: BudgetRecords, charges: readonly Charge[], now: number): Verdict {
  let wait = 0;
  const after: [Charge, BudgetRecord][] = [];
  for (const [index, charge] of charges.entries()) {
    const record = refilled(records.get(charge.key), charge, now);
    const { burst, msPerUnit } = inForce(charge, record.learned);
    if (charge.amount > burst) return { over: index, most: burst };
    const used = record.used + charge.amount;
    wait = Math.max(wait, (used - burst) * msPerUnit);
    if (now < record.until && record.left < charge.amount) wait = Math.max(wait, record.until - now);
    after.push([charge, { ...record, used, left: record.left - charge.amount }]);
  }
  if (wait > EPSILON_MS) return { ok: false, waitMs: Math.ceil(wait - EPSILON_MS) };
  for (const [charge, record] of after) keep(records, charge, record, now);
  return { ok: true };
}

/** Takes more after the fact, also beyond what is there, or gives back. */
export function correct(records: BudgetRecords, budget: Budget, delta: number, now: number): void {
  const record = refilled(records.get(budget.key), budget, now);
  const used = Math.max(0, record.used + delta);
  keep(records, budget, { ...record, used, left: record.left - delta }, now);
}

/** Adopts what a provider said, where it is stricter. */
export function learn(records: BudgetRecords, budget: Budget, said: ProviderLimit, now: number): void {
  const before = refilled(records.get(budget.key), budget, now);
  const record = { ...before, learned: said.limit ?? before.learned };
  if (said.resetMs === undefined) {
    record.used = Math.max(record.used, inForce(budget, record.learned).burst - said.remaining);
  } else if (said.resetMs > 0) {
    record.left = now < record.until ? Math.min(record.left, said.remaining) : said.remaining;
    record.until = Math.max(record.until, now + Math.min(said.resetMs, LONGEST_RESET_MS));
  }
  keep(records, budget, record, now);
}

/** The limit and burst that hold, and the ms in which 1 comes back. */
function inForce({ limit, perMs, burst = limit }: Budget, learned: number | null) {
  const most = learned ?? Number.POSITIVE_INFINITY;
  return { burst: Math.min(burst, most), msPerUnit: perMs / Math.min(limit, most) };
}

function refilled(record: BudgetRecord | undefined, budget: Budget, now: number): BudgetRecord {
  if (!record || record.idleAt <= now)
    return { used: 0, at: now, left: 0, until: 0, learned: null, idleAt: now };
  const { msPerUnit } = inForce(budget, record.learned);
  // A clock that was set back refills nothing.
  const back = Math.max(0, now - record.at) / msPerUnit;
  return { ...record, used: Math.max(0, record.used - back), at: now };
}

function keep(records: BudgetRecords, budget: Budget, record: BudgetRecord, now: number): void {
  const { msPerUnit } = inForce(budget, record.learned);
  const idleAt = Math.max(
    now + record.used * msPerUnit,
    record.until,
    record.learned === null ? now : now + LEARNED_MS,
  );
  if (idleAt > now) records.set(budget.key, { ...record, idleAt });
  else records.delete(budget.key);
}

export function checkCharges(charges: readonly Charge[]): void {
  for (const charge of charges) {
    checkBudget(charge);
    if (!(charge.amount >= 0 && Number.isFinite(charge.amount)))
      throw invalid(charge, "the amount must be 0 or more");
  }
  if (new Set(charges.map(({ key }) => key)).size < charges.length)
    throw new MillraceError("invalid_request", "The same budget is charged twice at once.");
}

export function checkCorrection(budget: Budget, delta: number): void {
  checkBudget(budget);
  if (!Number.isFinite(delta)) throw invalid(budget, "the correction must be a number");
}

export function checkProviderLimit(
  budget: Budget,
  { remaining, resetMs = 0, limit = 1 }: ProviderLimit,
): void {
  checkBudget(budget);
  if (!(remaining >= 0 && Number.isFinite(remaining)))
    throw invalid(budget, "what remains must be 0 or more");
  if (!Number.isFinite(resetMs)) throw invalid(budget, "the reset must be a number");
  if (!isPositive(limit)) throw invalid(budget, "the provider's limit must be above 0");
}

function checkBudget(budget: Budget): void {
  const { key, limit, perMs, burst = limit } = budget;
  if (!(key.length >= 1 && key.length <= 200 && key.isWellFormed() && !key.includes("\0")))
    throw invalid(budget, "its key must be 1 to 200 characters of well-formed text");
  if (!isPositive(limit) || !isPositive(perMs) || !isPositive(burst))
    throw invalid(budget, "limit, time and burst must be above 0");
}

function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

function invalid({ key }: Budget, why: string): MillraceError {
  return new MillraceError("invalid_request", `The budget "${key.slice(0, 200)}" cannot be used: ${why}.`);
}

/** A charge that no waiting would help. */
export function tooLarge({ key, amount }: Charge, most: number): MillraceError {
  return new MillraceError(
    "rate_limited",
    `${amount} of "${key}" is asked for at once; there are never more than ${most}.`,
    { retryable: false, extra: { key, amount, limit: most } },
  );
}
