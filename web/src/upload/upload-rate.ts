export interface UploadRate {
  /** Bytes per second, recently. `null` until there is enough data. */
  bytesPerSecond: number | null;
  /** `null` if unknown. */
  secondsLeft: number | null;
}

const windowMs = 5_000;
const warmUpMs = 400;

/** Speed and remaining time of an upload, from a sliding window that adapts without jumping. */
export function createUploadRate() {
  let samples: { at: number; sent: number }[] = [];

  return function update(now: number, sent: number, total: number): UploadRate {
    // After a lost connection, the upload may restart from further back.
    if (sent < (samples.at(-1)?.sent ?? 0)) samples = [];
    samples.push({ at: now, sent });
    // Keep one sample older than the window as its start.
    while (samples.length > 2 && samples[1]!.at <= now - windowMs) samples.shift();
    if (samples.length > 200) samples = samples.filter((_, index) => index % 2 === 0);
    const first = samples[0]!;
    const elapsed = now - first.at;
    if (elapsed < warmUpMs) return { bytesPerSecond: null, secondsLeft: null };
    const bytesPerSecond = ((sent - first.sent) / elapsed) * 1000;
    const secondsLeft = bytesPerSecond > 0 ? Math.max(0, (total - sent) / bytesPerSecond) : null;
    return { bytesPerSecond, secondsLeft };
  };
}
