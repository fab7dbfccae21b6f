import type { Timing } from "../api/contract.ts";

export const units = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type Unit = keyof typeof units;

/** Typed values of a schedule's timing. */
export interface TimingDraft {
  kind: "cron" | "interval";
  cron: string;
  timeZone: string;
  every: string;
  unit: Unit;
}

export function initialTiming(): TimingDraft {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return { kind: "cron", cron: "0 2 * * *", timeZone, every: "15", unit: "minutes" };
}

/** `null` if something is missing. */
export function timingOf({ kind, cron, timeZone, every, unit }: TimingDraft): Timing | null {
  if (kind === "cron") {
    const expression = cron.trim();
    return expression === "" ? null : { cron: expression, timeZone: timeZone.trim() || "UTC" };
  }
  const count = Number(every);
  return every.trim() === "" || !Number.isFinite(count) ? null : { everySeconds: count * units[unit] };
}

/** Converts to the largest unit that yields a whole number. */
export function intervalOf(seconds: number): { count: number; unit: Unit } {
  const unit = (Object.keys(units) as Unit[]).findLast((one) => seconds % units[one] === 0) ?? "seconds";
  return { count: seconds / units[unit], unit };
}
