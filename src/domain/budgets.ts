import { MillraceError } from "../errors.ts";

/**
 * How much may be taken over time: `limit` every `perMs`, refilled continuously rather than once a minute. All callers
 * of a key must agree on its values.
 */
export interface Budget {
  /** 1 to 200 characters, without NULs and unpaired surrogates. */
  key: string;
  /** How much refills every `perMs`; above 0. */
  limit: number;
  perMs: number;
  /** The most that accumulates while nobody takes, and so the most that can be taken at once. @default limit */
  burst?: number;
}

export interface Charge extends Budget {
  /** 0 or more, in the unit of the limit: requests, tokens. */
  amount: number;
}

/** What a provider says about its own side of a budget, such as in response headers. */
export interface ProviderLimit {
  /** What the provider still allows. */
  remaining: number;
  /**
   * Ms until the budget resets all at once: at the end of a fixed window, or of a `Retry-After` (then `remaining` is
   * 0). Capped at one day. Omit it if the provider refills continuously. It is a duration so that clocks need not
   * agree.
   */
  resetMs?: number;
  /** The provider's limit per `perMs`; above 0. */
  limit?: number;
}

export type Taken = { ok: true } | { ok: false; waitMs: number };

/** The state of a budget that is not full. */
export interface BudgetRecord {
  /** Taken and not yet refilled; above the burst after a correction. */
  used: number;
  /** When `used` was true, in ms of the limiter's clock, like all times here. */
  at: number;
  /** What a provider still allows before `until`. */
  left: number;
  until: number;
  /** The limit stated by a provider. */
  learned: number | null;
  /** The fraction of the limit that refills, below 1 after the provider refused a call that the budget allowed. */
  pace: number;
  /** When `pace` was true. It grows back to 1 from then on. */
  pacedAt: number;
  /** Set for rooms, which count concurrent calls instead of amounts; see `holds.ts`. */
  holds: HoldRecord | null;
  /** From then on the record equals a full budget and can be dropped. */
  idleAt: number;
}

/** Who holds a room (see `holds.ts`), and who waits for it. */
export interface HoldRecord {
  /** By holder: when the hold began, and when it lapses. */
  held: { [id: string]: [began: number, until: number] };
  /** Callers that were refused, and the latest time at which each should be back. */
  waiting: { [id: string]: number };
  /** Average duration of a hold, ms. */
  meanMs: number;
}

/** A full budget. */
export const FULL: BudgetRecord = {
  ...{ used: 0, at: 0, left: 0, until: 0, learned: null, pace: 1, pacedAt: 0, holds: null, idleAt: 0 },
};

/** Budgets missing from the map are full. Records are replaced, never mutated. */
export type BudgetRecords = Map<string, BudgetRecord>;

/** Time in which the pace grows from 0 to 1. */
export const RECOVERY_MS = 1_800_000;
/** How long a limit stated by a provider is kept while nobody uses the budget. */
export const LEARNED_MS = 3_600_000;
export const LONGEST_RESET_MS = 86_400_000;
/** Below clock resolution: rounding must not make an obeyed wait too short. */
const EPSILON_MS = 0.001;

/** `over`: index of the charge that exceeds what its budget can ever hold; `most`: that maximum. */
export type Verdict = Taken | { over: number; most: number };

/** Takes all of the charges, or none. */
export function take(records: BudgetRecords, charges: readonly Charge[], now: number): Verdict {
  let wait = 0;
  const after: [Charge, BudgetRecord][] = [];
  for (const [index, charge] of charges.entries()) {
    const record = refilled(records.get(charge.key), charge, now);
    const { burst, msPerUnit } = inForce(charge, record, now);
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

/** Takes more after the fact, even beyond what is left, or gives back. */
export function correct(records: BudgetRecords, budget: Budget, delta: number, now: number): void {
  const record = refilled(records.get(budget.key), budget, now);
  const used = Math.max(0, record.used + delta);
  keep(records, budget, { ...record, used, left: record.left - delta }, now);
}

/** Adopts a provider's stated limit if it is stricter. */
export function learn(records: BudgetRecords, budget: Budget, said: ProviderLimit, now: number): void {
  const before = refilled(records.get(budget.key), budget, now);
  const record = { ...before, learned: said.limit ?? before.learned };
  if (said.resetMs === undefined) {
    record.used = Math.max(record.used, inForce(budget, record, now).burst - said.remaining);
  } else if (said.resetMs > 0) {
    record.left = now < record.until ? Math.min(record.left, said.remaining) : said.remaining;
    record.until = Math.max(record.until, now + Math.min(said.resetMs, LONGEST_RESET_MS));
  }
  keep(records, budget, record, now);
}

/** The limit and burst in force, and the ms in which one unit refills. */
export function inForce({ limit, perMs, burst = limit }: Budget, record: BudgetRecord, now: number) {
  const most = record.learned ?? Number.POSITIVE_INFINITY;
  const msPerUnit = perMs / Math.min(limit, most) / paceOf(record, now);
  return { burst: Math.min(burst, most), msPerUnit };
}

export function paceOf({ pace, pacedAt }: BudgetRecord, now: number): number {
  return Math.min(1, pace + Math.max(0, now - pacedAt) / RECOVERY_MS);
}

/** The time between two moments, weighted by the pace. */
function pacedMs(record: BudgetRecord, from: number, to: number): number {
  const wholeAt = record.pacedAt + (1 - record.pace) * RECOVERY_MS;
  const slowEnd = Math.max(from, Math.min(to, wholeAt));
  const slow = ((paceOf(record, from) + paceOf(record, slowEnd)) / 2) * (slowEnd - from);
  return slow + (to - slowEnd);
}

export function refilled(record: BudgetRecord | undefined, budget: Budget, now: number): BudgetRecord {
  if (!record || record.idleAt <= now) return { ...FULL, at: now, idleAt: now };
  const whole = inForce(budget, { ...record, pace: 1 }, now);
  // A clock that was set back refills nothing.
  const back = pacedMs(record, record.at, Math.max(record.at, now)) / whole.msPerUnit;
  return { ...record, used: Math.max(0, record.used - back), at: now };
}

export function keep(records: BudgetRecords, budget: Budget, record: BudgetRecord, now: number): void {
  const { msPerUnit } = inForce(budget, record, now);
  const idleAt = Math.max(
    now + record.used * msPerUnit,
    record.until,
    record.pace < 1 ? record.pacedAt + (1 - record.pace) * RECOVERY_MS : now,
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
    throw new MillraceError("invalid_request", "The same budget is charged twice in one call.");
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

export function checkBudget(budget: Budget): void {
  const { key, limit, perMs, burst = limit } = budget;
  if (!(key.length >= 1 && key.length <= 200 && key.isWellFormed() && !key.includes("\0")))
    throw invalid(budget, "its key must be 1 to 200 characters of well-formed text");
  if (!isPositive(limit) || !isPositive(perMs) || !isPositive(burst))
    throw invalid(budget, "limit, time and burst must be above 0");
}

export function isPositive(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}

export function invalid({ key }: Budget, why: string): MillraceError {
  return new MillraceError("invalid_request", `The budget "${key.slice(0, 200)}" cannot be used: ${why}.`);
}

/** The error for a charge that waiting would not help. */
export function tooLarge({ key, amount }: Charge, most: number): MillraceError {
  return new MillraceError(
    "rate_limited",
    `${amount} of "${key}" was requested at once, but at most ${most} is ever available.`,
    { retryable: false, extra: { key, amount, limit: most } },
  );
}
