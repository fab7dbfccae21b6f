import { setTimeout as sleep } from "node:timers/promises";

/** Polls until `condition` holds; throws the text of `describe` after `ms`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  ms: number,
  describe: () => string,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`After ${ms} ms: ${describe()}`);
    await sleep(5);
  }
}

/** Rejects if `promise` has not settled after `ms`, for what must not hang. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      promise,
      sleep(ms, undefined, { signal: late.signal }).then(() => {
        throw new Error(`${what} took longer than ${ms} ms`);
      }),
    ]);
  } finally {
    late.abort();
  }
}

/** Retries until `run` succeeds, for what fails while a service comes back. */
export async function persist<T>(ms: number, run: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

export { sleep };
