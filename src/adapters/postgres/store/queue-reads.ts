import type pg from "pg";
import type { Store } from "../../../ports/store/store.ts";
import { asking } from "../connection.ts";
import { statement } from "../statement.ts";
import type { ServerClock } from "./clock.ts";
import type { Drains } from "./drains.ts";

const queues = statement(
  "queues",
  `SELECT q.name, q.paused,
     (SELECT count(*) FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name) AS ready,
     (SELECT count(*) FROM tasks t WHERE t.wake_at IS NOT NULL AND t.queue = q.name AND t.state = 'published') AS published,
     (SELECT count(*) FROM tasks t WHERE t.wake_at IS NOT NULL AND t.queue = q.name AND t.state = 'leased') AS leased,
     (SELECT count(*) FROM tasks t WHERE t.wake_at IS NOT NULL AND t.queue = q.name AND t.state = 'scheduled') AS scheduled,
     (SELECT coalesce(sum(ended), 0)::int FROM drains d WHERE d.queue = q.name AND d.slice >= $1) AS drained,
     (SELECT count(*) FROM workers w WHERE w.gone_at IS NULL AND w.queues -> q.name IS NOT NULL) AS workers,
     -- Ids begin with their time: the first of each owner who waits, of those in front, tells the oldest.
     (WITH RECURSIVE front (owner, job_id, n) AS (
        (SELECT t.owner, t.job_id, 1 FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name
           ORDER BY t.owner, t.priority DESC, t.job_id LIMIT 1)
        UNION ALL
        SELECT following.owner, following.job_id, n + 1 FROM front, LATERAL (
          SELECT t.owner, t.job_id FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name
            AND t.owner > front.owner ORDER BY t.owner, t.priority DESC, t.job_id LIMIT 1
        ) AS following WHERE n < 100
      ) SELECT job_id FROM front ORDER BY job_id LIMIT 1) AS oldest
   FROM queues q ORDER BY q.name`,
);
const deadCounts = statement(
  "dead_counts",
  "SELECT queue, count(*) AS dead FROM tasks WHERE state = 'dead' GROUP BY queue",
);
const liveJobs = statement(
  "live_jobs",
  "SELECT state, count(*) AS n FROM jobs WHERE finished_at IS NULL GROUP BY state",
);

/** What is waiting and running, counted on each call. */
export function queueReads(
  pool: pg.Pool,
  drains: Drains,
  clock: ServerClock,
): Pick<Store, "queues" | "counts"> {
  const all = async <Row>(query: pg.QueryConfig) => (await asking(() => pool.query(query))).rows as Row[];

  const store: Pick<Store, "queues" | "counts"> = {
    async queues({ now }) {
      const [rows, dead] = await Promise.all([
        all<QueueRow>(queues([drains.firstSlice()])),
        all<{ queue: string; dead: number }>(deadCounts()),
      ]);
      return rows.map((row) => ({
        name: row.name,
        ready: row.ready + row.published,
        running: row.leased,
        scheduled: row.scheduled,
        dead: dead.find((one) => one.queue === row.name)?.dead ?? 0,
        drainRate: drains.rate(row.name, row.drained),
        oldestMs: row.oldest === null ? null : Math.max(0, now - timeOf(row.oldest)),
        paused: row.paused,
        workers: row.workers,
      }));
    },

    async counts() {
      const [jobs, list] = await Promise.all([
        all<{ state: string; n: number }>(liveJobs()),
        store.queues({ now: clock.now() }),
      ]);
      const tasks: Record<string, number> = { ready: 0, running: 0, scheduled: 0, dead: 0 };
      for (const { ready, running, scheduled, dead } of list) {
        for (const [state, n] of Object.entries({ ready, running, scheduled, dead })) tasks[state]! += n;
      }
      return { jobs: Object.fromEntries(jobs.map(({ state, n }) => [state, n])), tasks };
    },
  };
  return store;
}

interface QueueRow {
  name: string;
  paused: boolean;
  ready: number;
  published: number;
  leased: number;
  scheduled: number;
  drained: number;
  workers: number;
  oldest: string | null;
}

/** A job id begins with its creation time. */
function timeOf(id: string): number {
  return Number.parseInt(id.replace("-", "").slice(0, 12), 16);
}
