import type pg from "pg";
import { taskId } from "../../../domain/ids.ts";
import { PATIENCE_MS } from "../../../domain/ledger/ledger.ts";
import type { TaskDelivery } from "../../../domain/records.ts";
import { statement } from "../statement.ts";
import type { ServerClock } from "./clock.ts";
import type { Windows } from "./windows.ts";

/**
 * Locks up to $2 tasks of queue $1 in the backlog: owners in turn after $3, each owner's by priority and then arrival;
 * none while the queue is paused.
 */
const pick = (columns: string) =>
  `WITH RECURSIVE waiting AS MATERIALIZED (
       SELECT FROM tasks WHERE state = 'ready' AND queue = $1
         AND NOT EXISTS (SELECT FROM queues WHERE name = $1 AND paused) LIMIT 1
     ), later (owner) AS (
       (SELECT t.owner FROM waiting, tasks t WHERE t.state = 'ready' AND t.queue = $1
          AND t.owner > $3::text COLLATE "C" ORDER BY t.owner LIMIT 1)
       UNION ALL
       SELECT (SELECT t.owner FROM tasks t WHERE t.state = 'ready' AND t.queue = $1
          AND t.owner > later.owner ORDER BY t.owner LIMIT 1)
       FROM later WHERE later.owner IS NOT NULL
     ), earlier (owner) AS (
       (SELECT t.owner FROM waiting, tasks t WHERE t.state = 'ready' AND t.queue = $1 ORDER BY t.owner LIMIT 1)
       UNION ALL
       SELECT (SELECT t.owner FROM tasks t WHERE t.state = 'ready' AND t.queue = $1
          AND t.owner > earlier.owner ORDER BY t.owner LIMIT 1)
       FROM earlier WHERE earlier.owner < $3::text COLLATE "C"
     ), served AS MATERIALIZED (
       SELECT owner, row_number() OVER () AS turn FROM (
         SELECT owner FROM later WHERE owner IS NOT NULL
         UNION ALL
         SELECT owner FROM earlier WHERE owner <= $3::text COLLATE "C"
         LIMIT $2::int
       ) AS turns
     ), share AS MATERIALIZED (SELECT greatest(1, $2::int / greatest(1, count(*))) AS n FROM served),
     picked AS MATERIALIZED (
       SELECT served.turn, chosen.* FROM served CROSS JOIN LATERAL (
         SELECT ${columns} FROM tasks t
         WHERE t.state = 'ready' AND t.queue = $1 AND t.owner = served.owner
         ORDER BY t.priority DESC, t.job_id, t.item LIMIT (SELECT n FROM share) FOR NO KEY UPDATE SKIP LOCKED
       ) AS chosen
     )`;

/**
 * Moves tasks into the window. A task in the backlog has no other state to lose, so this needs no lock on its job: a
 * transaction that ends the task meanwhile waits for the row, and wins.
 */
const move = (name: string, publish: string) =>
  statement(
    name,
    `${pick("t.job_id, t.item, t.owner")}, moved AS (
       UPDATE tasks SET state = 'published', generation = generation + 1, wake_at = $4
       FROM picked WHERE tasks.job_id = picked.job_id AND tasks.item = picked.item
       RETURNING tasks.job_id, tasks.item, tasks.generation, tasks.priority, picked.owner, picked.turn
     )${publish}
     SELECT * FROM moved ORDER BY turn, priority DESC, job_id, item`,
  );

const handOver = move("fill", "");
const publish = move(
  "fill_and_publish",
  `, sent AS (
     INSERT INTO deliveries (queue, id, payload)
     SELECT $1, task_id || '/' || generation,
       json_build_object('taskId', task_id, 'generation', generation)::text
     FROM (SELECT moved.*, job_id || '.' || CASE item WHEN -1 THEN 'all' ELSE item::text END AS task_id FROM moved
       ORDER BY turn, priority DESC, job_id, item) AS m
   )`,
);

/**
 * Tasks for a worker to claim, and whether more may be waiting: the limit is an owner's share. A single row without a
 * task means that others have locked what is waiting.
 */
export const next = statement(
  "lock_next",
  `${pick("t.*")}
   SELECT picked.*, count(*) OVER (PARTITION BY turn) = (SELECT n FROM share) AS more
   FROM waiting LEFT JOIN picked ON true ORDER BY turn, priority DESC, job_id, item`,
);
/** Those of the queues $1 that have a backlog. Not EXISTS, whose plan might read all of it. */
export const waitingQueues = statement(
  "waiting_queues",
  `SELECT q.name FROM unnest($1::text[]) AS q (name)
   WHERE (SELECT true FROM tasks t WHERE t.state = 'ready' AND t.queue = q.name LIMIT 1)`,
);
/** Tasks claimed by a transaction whose answer was lost. */
export const claimed = statement(
  "claimed",
  `SELECT job_id, item, owner FROM tasks
   WHERE queue = $1 AND state = 'leased' AND wake_at IS NOT NULL AND worker = $2 AND starts_with(lease, $3)`,
);

interface Moved {
  job_id: string;
  item: number;
  generation: number;
  owner: string;
}

/** Fills the windows of queues from their backlogs, as far as there is room. */
export class Backlog {
  readonly #windows: Windows;
  readonly #publishes: boolean;
  readonly #clock: ServerClock;
  /** The owner that each queue served last. */
  readonly #last = new Map<string, string>();

  constructor(windows: Windows, publishes: boolean, clock: ServerClock) {
    this.#windows = windows;
    this.#publishes = publishes;
    this.#clock = clock;
  }

  /** One round: each waiting owner gets a share of the room. Call it within `pipeline`. */
  async fill(client: pg.ClientBase, queue: string): Promise<TaskDelivery[]> {
    const room = this.#windows.roomForBacklog(queue);
    if (room === 0) return [];
    const query = this.#publishes ? publish : handOver;
    const until = this.#clock.now() + PATIENCE_MS;
    // Counted in advance, so that another batch does not fill the same slots.
    this.#windows.taken(queue, room);
    let moved: Moved[] = [];
    try {
      moved = (await client.query<Moved>(query([queue, room, this.#last.get(queue) ?? "", until]))).rows;
    } finally {
      this.#windows.taken(queue, moved.length - room);
    }
    const last = moved.at(-1);
    if (!last) this.#windows.waits(queue, false);
    else this.#last.set(queue, last.owner);
    return moved.map(({ job_id, item, generation }) => ({
      taskId: taskId(job_id, item),
      queue,
      generation,
    }));
  }
}
