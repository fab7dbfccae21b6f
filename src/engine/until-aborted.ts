/** How long a step may take to stop after its signal is aborted, before its process is killed. */
export const GRACE_MS = 5_000;

/** Waits for the step, but after its signal is aborted only for as long as a step may take to stop. */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  onStuck: () => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const wait = () => {
    timer = setTimeout(() => {
      onStuck();
      reject(signal.reason);
    }, GRACE_MS);
  };
  if (signal.aborted) wait();
  else signal.addEventListener("abort", wait, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    // The lease may be reported lost while its settlement is in flight: the step has ended, so nothing is stuck.
    signal.removeEventListener("abort", wait);
    clearTimeout(timer);
  }
}
