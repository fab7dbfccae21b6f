/** Progress at a time in ms. */
interface Sample {
  at: number;
  fraction: number;
}

const windowMs = 30_000;
/** Before this, the estimate would depend on the first files only. */
const warmUpMs = 3_000;
const leastProgress = 0.02;

/**
 * Estimates the remaining seconds from the last half minute, so that it adapts when the server gets busy. `null` while
 * there is too little data, or no progress.
 */
export function createRemaining() {
  let samples: Sample[] = [];

  return function update(now: number, fraction: number): number | null {
    // A retry starts from further back.
    if (fraction < (samples.at(-1)?.fraction ?? 0)) samples = [];
    samples.push({ at: now, fraction });
    while (samples.length > 2 && samples[1]!.at <= now - windowMs) samples.shift();
    const first = samples[0]!;
    const moved = fraction - first.fraction;
    const took = now - first.at;
    if (took < warmUpMs || moved < leastProgress || fraction >= 1) return null;
    return ((1 - fraction) * took) / moved / 1_000;
  };
}

/** Rounds up to a plausible precision: 5 s within a minute, then whole minutes. */
export function roundedUp(seconds: number): number {
  const step = seconds <= 55 ? 5 : 60;
  return Math.max(step, Math.ceil(seconds / step) * step);
}
