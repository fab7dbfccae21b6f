/** How late a timer runs in a process that was held up, in ms. */
const HELD_UP_MS = 100;

/**
 * Tries once more if a call that gives up after `ms` did so late, because this process was held up, such as by loading
 * modules on a busy machine: then the server may well have answered, and nobody looked. Only for calls that may be
 * repeated.
 */
export async function unlessHeldUp<T>(
  ms: number,
  isTimeout: (error: Error) => boolean,
  call: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  try {
    return await call();
  } catch (error) {
    if (!isTimeout(error as Error) || performance.now() - started < ms + HELD_UP_MS) throw error;
    return await call();
  }
}
