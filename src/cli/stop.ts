const PATIENCE_MS = 1_000;

/**
 * Ends the process in order at SIGTERM, SIGINT or SIGHUP: `stop` is called once, however many signals come,
 * since service managers and terminals send one to every process of a group. Ctrl-C a second time does not wait.
 */
export function stopOnSignal(
  stop: () => Promise<void>,
  signals: NodeJS.Signals[],
): (code: number) => Promise<void> {
  let stoppedAt: number | null = null;
  const once = async (code: number) => {
    if (stoppedAt !== null) return;
    stoppedAt = performance.now();
    await stop();
    process.exit(code);
  };
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal === "SIGINT" && stoppedAt !== null && performance.now() - stoppedAt > PATIENCE_MS)
        process.exit(1);
      void once(0);
    });
  }
  return once;
}
