const PATIENCE_MS = 1_000;

/**
 * Stops gracefully on SIGTERM, SIGINT or SIGHUP. Calls `stop` only once, because service managers and terminals signal
 * every process of a group. A second Ctrl-C exits immediately.
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
