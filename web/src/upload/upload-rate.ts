export interface UploadRate {
  /** Bytes a second over the last seconds; `null` until there is something to reckon with. */
  bytesPerSecond: number | null;
  /** `null` while it cannot be told. */
  secondsLeft: number | null;
}

const windowMs = 5_000;
const warmUpMs = 400;

/** Speed and time left of an upload, from a sliding window: it follows a changing line without jumping about. */
export function createUploadRate() {
  let samples: { at: number; sent: number }[] = [];

  return function update(now: number, sent: number, total: number): UploadRate {
    // After a cut it goes on from where the server is.
    if (sent < (samples.at(-1)?.sent ?? 0)) samples = [];
    samples.push({ at: now, sent });
    // One sample older than the window stays, as the window's start.
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
