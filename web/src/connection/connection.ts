/** Whether the server is reachable. Probes in one place for everyone. */

export type ConnectionState = "online" | "offline" | "back";

const firstProbeMs = 1_000;
const lastProbeMs = 15_000;
const backShownMs = 3_500;

function createConnection() {
  let state: ConnectionState = "online";
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = firstProbeMs;
  const listeners = new Set<() => void>();

  function set(next: ConnectionState): void {
    if (state === next) return;
    state = next;
    for (const listener of [...listeners]) listener();
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(probe, ms);
  }

  async function probe(): Promise<void> {
    try {
      const response = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5_000) });
      if (response.ok) {
        reached();
        return;
      }
    } catch {
      // Still unreachable. The next probe comes later.
    }
    delay = Math.min(lastProbeMs, delay * 1.6);
    schedule(delay);
  }

  function lost(): void {
    if (state === "offline") return;
    delay = firstProbeMs;
    set("offline");
    schedule(delay);
  }

  function reached(): void {
    if (state !== "offline") return;
    clearTimeout(timer);
    set("back");
    timer = setTimeout(() => state === "back" && set("online"), backShownMs);
  }

  return {
    state: () => state,
    /** A request got no response. */
    lost,
    /** A request got a response. */
    reached,
    /** Probes now instead of waiting for the next scheduled probe. */
    probeNow(): void {
      if (state === "offline") schedule(0);
    },
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    whenReachable(signal: AbortSignal): Promise<void> {
      if (state !== "offline" || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const check = () => {
          if (state === "offline" && !signal.aborted) return;
          listeners.delete(check);
          signal.removeEventListener("abort", check);
          resolve();
        };
        listeners.add(check);
        signal.addEventListener("abort", check);
      });
    },
  };
}

export const connection = createConnection();

if (typeof window !== "undefined") {
  window.addEventListener("online", () => connection.probeNow());
  document.addEventListener("visibilitychange", () => !document.hidden && connection.probeNow());
}
