/** Tracks whether the server is reachable. A page that shows the connection state passes its own. */
export interface Connection {
  /** A request got no response. */
  lost(): void;
  /** A request got a response. */
  reached(): void;
  /** Resolves when a retry makes sense, or when the signal is aborted. */
  whenReachable(signal: AbortSignal): Promise<void>;
}

/** Tracks nothing: each call finds out for itself. */
export const unwatched: Connection = { lost() {}, reached() {}, whenReachable: () => Promise.resolve() };

/** Waits `ms`, or until the signal is aborted. */
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
