import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { OwnServer } from "../../services/own-server.ts";
import { startPostgres } from "../../services/postgres.ts";

/** What the database did in a time span. */
export interface Activity {
  seconds: number;
  connections: number;
  /** Calls and execution time per second and kind of statement, busiest first. */
  statements: { name: string; perSecond: number; msPerSecond: number; rowsPerSecond: number }[];
  /** Calls per second of the most expensive statements, apart from the tasks' own writes. */
  calls: Record<
    "commit" | "notify" | "take deliveries" | "look for orphans" | "look for dead workers",
    number
  >;
  /** What busy connections waited for: the average number waiting at the same time. */
  waits: Record<string, number>;
}

export interface MeasuredPostgres extends OwnServer {
  /** Measures for `ms`. */
  watch(ms: number): Promise<Activity>;
}

const SAMPLE_MS = 200;

/** Starts a separate server that counts its statements and has room for many connections. */
export async function startMeasuredPostgres(maxConnections: number): Promise<MeasuredPostgres> {
  const server = await startPostgres({
    max_connections: String(maxConnections),
    shared_preload_libraries: "pg_stat_statements",
    shared_buffers: "512MB",
  });
  const client = new pg.Client({ connectionString: server.url, application_name: "watching" });
  client.on("error", () => {});
  await client.connect();
  await client.query("CREATE EXTENSION pg_stat_statements");

  return {
    ...server,
    async watch(ms) {
      await client.query("SELECT pg_stat_statements_reset()");
      const began = performance.now();
      const waits = new Map<string, number>();
      let [samples, connections] = [0, 0];
      for (; performance.now() - began < ms; samples++) {
        await sleep(SAMPLE_MS);
        const { rows } = await client.query<{ event: string; count: number }>(activity);
        connections = 0;
        for (const { event, count } of rows) {
          connections += count;
          if (event !== "idle") waits.set(event, (waits.get(event) ?? 0) + count);
        }
      }
      const seconds = (performance.now() - began) / 1_000;
      const { rows } = await client.query<Row>(statements);
      const named = byName(rows, seconds);
      const calls = (name: string) => named.find((one) => one.name === name)?.perSecond ?? 0;
      return {
        seconds,
        connections,
        statements: named,
        calls: {
          commit: calls("commit"),
          notify: calls("notify"),
          "take deliveries": calls("take deliveries"),
          "look for orphans": calls("look for orphans"),
          "look for dead workers": calls("look for dead workers"),
        },
        waits: Object.fromEntries(
          [...waits]
            .sort((a, b) => b[1] - a[1])
            .map(([event, n]) => [event, Number((n / samples).toFixed(2))]),
        ),
      };
    },
    async stop() {
      await client.end().catch(() => {});
      await server.stop();
    },
  };
}

const activity = `SELECT CASE WHEN state = 'idle' THEN 'idle' WHEN wait_event IS NULL THEN 'running'
    ELSE wait_event_type || '/' || wait_event END AS event, count(*)::int AS count
  FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1`;
const statements = `SELECT query, calls::float8 AS calls, total_exec_time AS ms, rows::float8 AS rows
  FROM pg_stat_statements`;

interface Row {
  query: string;
  calls: number;
  ms: number;
  rows: number;
}

/** How to recognize the relevant statements; the first match counts. */
const names: [string, RegExp][] = [
  ["commit", /^COMMIT/],
  ["begin", /^BEGIN/],
  ["notify", /pg_notify/],
  ["take deliveries", /^UPDATE deliveries AS d SET holder = \$1, count/],
  ["look for orphans", /^UPDATE deliveries SET holder = NULL WHERE holder IS NOT NULL/],
  ["acknowledge", /^DELETE FROM deliveries AS d USING/],
  ["look for dead workers", /^SELECT id FROM workers WHERE gone_at IS NULL AND workers.holder/],
  ["look for due tasks", /^SELECT found.job_id/],
  ["room of the queues", /^SELECT q.name, q.paused/],
  ["heartbeat", /^INSERT INTO workers AS w/],
  ["renew leases", /^UPDATE tasks SET wake_at/],
  ["write events", /^WITH counted AS/],
  ["write jobs", /^(UPDATE jobs SET state|INSERT INTO jobs)/],
  ["write tasks", /^(UPDATE tasks SET state|UPDATE tasks AS t|INSERT INTO tasks)/],
  ["read jobs", /^SELECT \* FROM jobs WHERE id = ANY/],
  ["admission", /reservations|' reserve'/],
];

function byName(rows: readonly Row[], seconds: number): Activity["statements"] {
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const name = names.find(([, pattern]) => pattern.test(row.query))?.[0] ?? row.query.replace(/\s+/g, " ");
    const sum = sums.get(name) ?? { query: name, calls: 0, ms: 0, rows: 0 };
    sums.set(name, {
      query: name,
      calls: sum.calls + row.calls,
      ms: sum.ms + row.ms,
      rows: sum.rows + row.rows,
    });
  }
  return [...sums.values()]
    .sort((a, b) => b.ms - a.ms)
    .map(({ query, calls, ms, rows: n }) => ({
      name: query.slice(0, 90),
      perSecond: round(calls / seconds),
      msPerSecond: round(ms / seconds),
      rowsPerSecond: round(n / seconds),
    }));
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
