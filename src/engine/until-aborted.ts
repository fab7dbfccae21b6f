/** After its signal a step may take this long to stop before its process is ended. */
export const GRACE_MS = 5_000;

/** Waits for the step, but after its signal only for as long as a step may take to notice it. */
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
    // A lease may be told lost while the settlement is on its way: the step has ended, nothing is stuck.
    signal.removeEventListener("abort", wait);
    clearTimeout(timer);
  }
}
