/** Formats numbers, sizes and times. Sizes use decimal units, like file managers and the CLI. */

export function formatBytes(bytes: number, locale: string): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value)} ${units[unit]}`;
}

/** Formats a limit in MiB if it is a whole number, because someone who set 20 MiB does not expect 21 MB. */
export function formatLimit(bytes: number, locale: string): string {
  const mebibytes = bytes / 1_048_576;
  return Number.isInteger(mebibytes) && mebibytes > 0
    ? `${new Intl.NumberFormat(locale).format(mebibytes)} MiB`
    : formatBytes(bytes, locale);
}

export function formatRate(bytesPerSecond: number, locale: string): string {
  return `${formatBytes(bytesPerSecond, locale)}/s`;
}

/** Whole percent. Never 100% before the end, and never less than 0%. */
export function formatPercent(fraction: number, locale: string): string {
  const whole = fraction >= 1 ? 1 : Math.min(0.99, Math.max(0, fraction));
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(whole);
}

export type SizeChange =
  | { kind: "same" }
  | { kind: "smaller" | "larger"; percent: number }
  | { kind: "times"; times: number };

/**
 * Change in size in whole percent, or as a factor from twice the size on. `null` if there is nothing to compare. Never
 * 100% smaller unless nothing is left.
 */
export function sizeChange(before: number, after: number): SizeChange | null {
  if (before <= 0) return null;
  if (after >= 2 * before) return { kind: "times", times: Math.round(after / before) };
  const percent = Math.round((1 - after / before) * 100);
  if (percent === 0) return { kind: "same" };
  if (percent < 0) return { kind: "larger", percent: -percent };
  return { kind: "smaller", percent: after > 0 ? Math.min(99, percent) : percent };
}

/** A duration: `8 s`, `1 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number, locale: string): string {
  const unit = (value: number, name: "second" | "minute" | "hour" | "day") =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
  if (seconds < 9.95 && seconds > 0) {
    return new Intl.NumberFormat(locale, {
      style: "unit",
      unit: "second",
      unitDisplay: "short",
      maximumFractionDigits: 1,
    }).format(seconds);
  }
  const total = Math.round(seconds);
  if (total < 60) return unit(total, "second");
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return joined(unit(minutes, "minute"), total % 60 && unit(total % 60, "second"));
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joined(unit(hours, "hour"), minutes % 60 && unit(minutes % 60, "minute"));
  return unit(Math.round(hours / 24), "day");
}

/** A duration that may be short: `12 ms`, `1.5 s`. */
export function formatMs(ms: number, locale: string): string {
  if (ms >= 1_000) return formatDuration(ms / 1_000, locale);
  const unit = { style: "unit", unit: "millisecond", unitDisplay: "short" } as const;
  return new Intl.NumberFormat(locale, unit).format(Math.round(ms));
}

function joined(first: string, second: string | 0): string {
  return second ? `${first} ${second}` : first;
}

/** `3 minutes ago`, `in 6 days`. The caller passes the current time and re-renders when it changes. */
export function formatRelative(time: string, now: number, locale: string): string {
  const seconds = (Date.parse(time) - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 45) return format.format(0, "second");
  if (size < 3_600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return format.format(Math.round(seconds / 3_600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}

export function formatDateTime(time: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}

/** `Mon, Nov 30, 2026, 2:30 AM GMT+9`, with seconds unless they are 0. @param timeZone `null` for the user's own */
export function formatDueTime(time: string, locale: string, timeZone: string | null): string {
  const at = new Date(time);
  const format: Intl.DateTimeFormatOptions = {
    ...{ weekday: "short", year: "numeric", month: "short", day: "numeric" },
    ...{ hour: "numeric", minute: "2-digit", timeZoneName: "short" },
    ...(at.getTime() % 60_000 !== 0 && { second: "2-digit" }),
    ...(timeZone !== null && { timeZone }),
  };
  return new Intl.DateTimeFormat(locale, format).format(at);
}

export function formatDate(time: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(time));
}

export function formatDimensions(width: number, height: number): string {
  return `${width} × ${height}`;
}
