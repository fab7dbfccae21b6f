/** Runs `work` immediately, then at most every `everyMs` while requested. Never runs it concurrently. */
export function throttled(work: () => Promise<unknown> | unknown, everyMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let again = false;

  async function run(): Promise<void> {
    busy = true;
    again = false;
    try {
      await work();
    } finally {
      timer = setTimeout(() => {
        busy = false;
        timer = undefined;
        if (again) void run();
      }, everyMs);
    }
  }

  return {
    ask(): void {
      again = true;
      if (!busy) void run();
    },
    stop(): void {
      again = false;
      if (timer === undefined) return;
      // It can be requested again.
      clearTimeout(timer);
      timer = undefined;
      busy = false;
    },
  };
}
