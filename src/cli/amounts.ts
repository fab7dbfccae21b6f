const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.4 MB`: decimal units, as file managers count. */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A limit as it was set: whole MiB where it is, since 20 MiB are not 21 MB to whoever set 20. */
export function limit(count: number): string {
  const mebibytes = count / 1_048_576;
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : bytes(count);
}

/** Of 100 bytes that became 20: `80 %`. Negative when the file grew; never 100 while something is left. */
export function saved(before: number, after: number): string {
  if (before === 0) return "";
  return `${Math.floor((1 - after / before) * 100)} %`;
}

export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago, in the largest unit that fits. */
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
