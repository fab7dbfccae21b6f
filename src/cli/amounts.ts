const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.4 MB`: decimal units, like file managers. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Formats a limit in MiB if it is a whole number, because someone who set 20 MiB does not expect 21 MB. */
export function limit(count: number): string {
  const mebibytes = count / 1_048_576;
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : bytes(count);
}

/** `80% smaller` for 100 to 20 bytes, and never 100% unless nothing is left. `50% larger` or `78 × as large`. */
export function change(before: number, after: number): string {
  if (before === 0) return "";
  if (after >= 2 * before) return `${Math.round(after / before)} × as large`;
  const percent = Math.trunc((1 - after / before) * 100);
  if (percent === 0) return "same size";
  return percent > 0 ? `${percent}% smaller` : `${-percent}% larger`;
}

export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Time since, in the largest fitting unit. */
export function ago(time: string | null, now = Date.now()): string {
  if (time === null) return "";
  const past = Math.max(0, now - Date.parse(time)) / 1_000;
  if (past < 60) return `${Math.floor(past)} s ago`;
  if (past < 3_600) return `${Math.floor(past / 60)} min ago`;
  if (past < 172_800) return `${Math.floor(past / 3_600)} h ago`;
  return `${Math.floor(past / 86_400)} days ago`;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
