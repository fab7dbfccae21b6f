import { type Due, exchange, type Load, sinceBegin } from "./exchange.ts";
import { pause } from "./pause.ts";

/** Maximum open requests. With more, we would measure the generator's memory. */
export const MOST_IN_FLIGHT = 20_000;

/**
 * Sends each request when it is due, whether or not earlier ones were answered, like independent users. So a stalled
 * service gets the requests that real users would have sent meanwhile, and their waiting time counts from when they
 * were due. Resolves when all requests have ended.
 * @param arrivals in chronological order
 */
export async function openLoop(load: Load, arrivals: Iterable<Due>): Promise<void> {
  const open = new Set<Promise<void>>();
  for (const due of arrivals) {
    await pause(due.dueMs - sinceBegin(load), load.signal);
    if (load.signal.aborted) break;
    if (open.size >= MOST_IN_FLIGHT) {
      load.write(unsent(load, due));
      continue;
    }
    const request: Promise<void> = exchange(load, due).finally(() => open.delete(request));
    open.add(request);
  }
  await Promise.all(open);
}

/** The original's profile: all users send their request at the same time. */
export function allAtOnce(users: number): Due[] {
  return Array.from({ length: users }, (_, n) => ({ id: String(n + 1), scenario: null, dueMs: 0 }));
}

function unsent(load: Load, due: Due) {
  return {
    type: "request" as const,
    cell: load.cell,
    ...due,
    sentMs: null,
    acceptedMs: null,
    startedMs: null,
    endedMs: null,
    seenMs: sinceBegin(load),
    outcome: "error" as const,
    status: null,
    detail: `not sent: ${MOST_IN_FLIGHT} requests were in flight`,
  };
}
