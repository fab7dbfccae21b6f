import type pg from "pg";
import { waitingQueues } from "../store/backlog.ts";
import type { Claims } from "../store/claims.ts";
import type { Consumers } from "./consumers.ts";
import { releaseOrphans } from "./deliveries.ts";

/** When a process that was not among the first to try checks for leftovers. */
const LATER_MS = 100;
/** Poll interval for what a lost notification or a dead process left. */
const LOOK_MS = 1_000;

/** Polls for work that no notification announced to this process. */
export function startLooks(
  pool: pg.Pool,
  consumers: Consumers,
  claims: Claims | null,
  tell: (queues: Iterable<string>) => void,
) {
  /** One query for all queues: a transaction per queue, mostly in vain, would cost an idle worker more. */
  const lookFor = async (queues: string[]) => {
    const { rows } = await pool.query(waitingQueues([queues]));
    if (rows.length > 0) claims?.wake(rows.map((row) => row.name as string));
  };
  const later = collected(LATER_MS, (queues) => void lookFor(queues).catch(() => {}));
  const look = async () => {
    if (consumers.subscribers.size === 0) return;
    consumers.wake();
    if (claims) await lookFor(claims.queues);
    const { rows } = await pool.query(releaseOrphans());
    if (rows.length > 0) tell(new Set(rows.map((row) => row.queue as string)));
  };
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  looking.unref();
  return {
    /** Checks shortly whether anything is left in the queue's backlog. */
    later,
    stop() {
      clearInterval(looking);
      later.stop();
    },
  };
}

/** Collects names for a random time of at most `ms`, then acts on all of them at once. */
function collected(ms: number, act: (names: string[]) => void) {
  const names = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  const add = (name: string) => {
    names.add(name);
    timer ??= setTimeout(
      () => {
        timer = null;
        const all = [...names];
        names.clear();
        act(all);
      },
      ms * (0.5 + Math.random() / 2),
    ).unref();
  };
  return Object.assign(add, {
    stop() {
      if (timer) clearTimeout(timer);
    },
  });
}
