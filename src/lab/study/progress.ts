/** Reports a study's progress and remaining time. */
export interface Progress {
  begins(key: string): void;
  ended(): void;
}

const MS_PER_SECOND = 1_000;

/** @param estimates of each cell in seconds, in order */
export function progressOf(
  estimates: readonly number[],
  say: (line: string) => void,
  now: () => number = () => performance.now(),
): Progress {
  const total = estimates.reduce((sum, seconds) => sum + seconds, 0);
  say(`${estimates.length} cells to measure, ${inWords(total)} in total.`);
  let [at, expected, taken, began] = [0, 0, 0, 0];
  return {
    begins(key) {
      began = now();
      // Correct the estimate by how long the cells so far really took.
      const pace = expected > 0 ? taken / expected : 1;
      say(`${at + 1} of ${estimates.length}, ${inWords((total - expected) * pace)} left: ${key}`);
    },
    ended() {
      taken += (now() - began) / MS_PER_SECOND;
      expected += estimates[at++]!;
    },
  };
}

/** For example, `about 9 min`. */
export function inWords(seconds: number): string {
  if (seconds < 90) return `about ${Math.ceil(seconds)} s`;
  if (seconds < 5_400) return `about ${Math.ceil(seconds / 60)} min`;
  return `about ${(seconds / 3_600).toFixed(1)} h`;
}
