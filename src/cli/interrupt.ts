import { exitCode } from "./output.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first Ctrl-C stops the command gracefully, the second one immediately. */
export function onInterrupt(): { signal: AbortSignal; stop(): void } {
  const stop = new AbortController();
  const answer = () => {
    if (stop.signal.aborted) process.exit(exitCode.interrupted);
    stop.abort(new Error("interrupted"));
  };
  for (const signal of SIGNALS) process.on(signal, answer);
  return {
    signal: stop.signal,
    stop() {
      for (const signal of SIGNALS) process.removeListener(signal, answer);
    },
  };
}
