/** Whether the server can be reached, where somebody watches that. A page that shows it gives its own. */
export interface Connection {
  /** A request got no answer at all. */
  lost(): void;
  /** A request was answered. */
  reached(): void;
  /** Resolves when another try makes sense, at the latest when the signal is aborted. */
  whenReachable(signal: AbortSignal): Promise<void>;
}

/** Nobody watches: each call finds out by itself. */
export const unwatched: Connection = { lost() {}, reached() {}, whenReachable: () => Promise.resolve() };

/** Waits, but not after the signal. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

/** A signal that is never aborted. */
export function never(): AbortSignal {
  return new AbortController().signal;
}
