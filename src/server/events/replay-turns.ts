/** Limits how many replays read and send a page at once. The others wait in line. */
export interface ReplayTurns {
  take<T>(page: () => Promise<T>): Promise<T>;
}

export function createReplayTurns(limit: number): ReplayTurns {
  const waiting: (() => void)[] = [];
  let free = limit;

  return {
    async take(page) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await page();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
