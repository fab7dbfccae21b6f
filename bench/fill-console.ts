import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { HOUR_MS, MINUTE_MS } from "../src/domain/history.ts";
import type { Store } from "../src/ports/store/store.ts";
import { each, jobCommand, workerRecord } from "../src/testing/store/fixture.ts";
import { createManualWorker } from "../src/testing/store/manual-worker.ts";

/** Jobs per INSERT. */
const CHUNK = 50_000;
const QUEUES = 20;
const OWNERS = 200;
const CODES = 25;

/** Makes one succeeded and one failed job, with placeholders in their texts for what varies between copies. */
export async function makeTemplates(store: Store): Promise<{ done: string; dead: string }> {
  const now = () => store.now();
  await store.heartbeat(workerRecord("filling", { "bench.fill/run": 10 }, now()));
  const worker = createManualWorker(store, "filling", now);
  const make = async (fails: boolean) => {
    const command = jobCommand({
      now: now(),
      pipeline: "bench.fill",
      plan: [each("run", { queue: "bench.fill/run" })],
      items: [{ name: "scan-NUMBER.txt", data: { value: "NUMBER", file: null } }],
      metadata: { order: "order-NUMBER" },
      retentionMs: 365 * 24 * HOUR_MS,
      deadLetterRetentionMs: 365 * 24 * HOUR_MS,
    });
    const made = await store.createJob(command);
    if (!made.ok) throw new Error(made.message);
    worker.hand(made);
    await worker.sweep();
    let ran = 0;
    const error = { code: "code_CODE", message: "Page NUMBER cannot be read: it is blank." };
    await worker.work(() => {
      ran++;
      return fails ? { kind: "failed", error, retryable: false, random: 0.5, ms: 5 } : undefined;
    });
    if (ran !== 1) throw new Error("the template did not run");
    return command.id;
  };
  const ids = { done: await make(false), dead: await make(true) };
  await store.heartbeat({ ...workerRecord("filling", {}, now()), stopped: true });
  return ids;
}

export interface Fill {
  templates: { done: string; dead: string };
  jobs: number;
  /** How many of the jobs have a dead letter; they are spread among the others. */
  dead: number;
}

export async function fillSqlite(path: string, { templates, jobs, dead }: Fill): Promise<void> {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 50000");
  const id = "printf('0190%04x-%04x-7000-8000-%012x', n >> 16, n & 65535, n)";
  const numbers =
    "WITH RECURSIVE numbers(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)";
  const statements = inserts({ id, text: (column) => column, every: Math.round(jobs / dead) }).map((sql) =>
    db.prepare(`${numbers} ${sql}`),
  );
  for (let from = 0; from < jobs; from += CHUNK) {
    db.exec("BEGIN");
    for (const statement of statements) {
      const isDead = statement.sourceSQL.includes("/* dead */");
      statement.run(from, Math.min(jobs, from + CHUNK), isDead ? templates.dead : templates.done);
    }
    db.exec(
      `INSERT OR IGNORE INTO dead_letters SELECT job_id, item, owner, queue, body -> '$.error' ->> '$.code',
         'Page 0 cannot be read: it is blank.' FROM tasks WHERE state = 'dead' AND job_id NOT IN (SELECT job_id FROM dead_letters)`,
    );
    db.exec("COMMIT");
    await new Promise((resolve) => setImmediate(resolve));
  }
  db.exec(history());
  db.exec("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

export async function fillPostgres(url: string, { templates, jobs, dead }: Fill): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT schemaname FROM pg_tables WHERE tablename = 'dead_deliveries'",
    );
    await client.query(`SET search_path TO ${rows[0].schemaname}; SET synchronous_commit = off`);
    const hex = (value: string, width: number) => `lpad(to_hex(${value}), ${width}, '0')`;
    const id = `('0190' || ${hex("n >> 16", 4)} || '-' || ${hex("n & 65535", 4)} || '-7000-8000-' || ${hex("n", 12)})::uuid`;
    const statements = inserts({ id, text: (column) => `${column}::text`, every: Math.round(jobs / dead) });
    for (let from = 0; from < jobs; from += CHUNK) {
      for (const sql of statements) {
        const to = Math.min(jobs, from + CHUNK);
        const template = sql.includes("/* dead */") ? templates.dead : templates.done;
        await client.query(
          `WITH numbers AS (SELECT n FROM generate_series(${from}, ${to - 1}) AS n) ${sql.replaceAll("?3", `'${template}'`)}`,
        );
      }
    }
    await client.query(history());
    await client.query("VACUUM ANALYZE");
  } finally {
    await client.end();
  }
}

interface Dialect {
  /** An id derived from `n`. */
  id: string;
  text(column: string): string;
  /** One job in this many is dead. */
  every: number;
}

function inserts({ id, text, every }: Dialect): string[] {
  const varied = (column: string) => {
    const cast = column === "spec" || column === "progress" || column === "body";
    const replaced = `replace(replace(${text(column)}, 'NUMBER', ${text("n")}), 'CODE', ${text(`(n % ${CODES})`)})`;
    return cast && text("x") !== "x" ? `(${replaced})::json` : replaced;
  };
  const owner = `'owner-' || ${text(`(n % ${OWNERS})`)}`;
  const pipeline = `'bench.fill' || ${text(`(n % ${QUEUES})`)}`;
  const where = [
    { mark: "/* done */", condition: `n % ${every} <> 0` },
    { mark: "/* dead */", condition: `n % ${every} = 0` },
  ];
  return where.flatMap(({ mark, condition }) => [
    `${mark} INSERT INTO jobs (id, owner, pipeline, state, finished_at, expires_at, spec, progress)
       SELECT ${id}, ${owner}, ${pipeline}, state, finished_at, expires_at, ${varied("spec")}, ${varied("progress")}
       FROM numbers, jobs WHERE id = ?3 AND ${condition}`,
    `${mark} INSERT INTO tasks (job_id, item, owner, queue, priority, state, wake_at, worker, body${text("x") === "x" ? "" : ", generation"})
       SELECT ${id}, item, ${owner}, ${pipeline} || '/run', priority, state, wake_at, worker, ${varied("body")}${text("x") === "x" ? "" : ", generation"}
       FROM numbers, tasks WHERE job_id = ?3 AND ${condition}`,
  ]);
}

/** Every minute of a day and every hour of thirty days, for each queue. */
function history(): string {
  const rows: string[] = [];
  const now = Date.now();
  const spans = [
    [MINUTE_MS, 24 * 60],
    [HOUR_MS, 30 * 24],
  ] as const;
  for (const [span, count] of spans) {
    for (let back = 0; back < count; back++) {
      const at = Math.floor(now / span) * span - back * span;
      for (const queue of ["", ...Array.from({ length: QUEUES }, (_, n) => `bench.fill${n}/run`)]) {
        const figures = [
          ...["ended", "waiting", "oldest", "failed:code_1", "failed:code_2"].map((metric) => [metric, 0]),
          ...[20, 24, 28, 32].flatMap((bucket) => [
            ["wait", bucket],
            ["run", bucket],
          ]),
        ];
        for (const [metric, bucket] of figures)
          rows.push(`(${span}, '${queue}', '${metric}', ${at}, ${bucket}, ${1 + (back % 7)})`);
      }
    }
  }
  const statements: string[] = [];
  for (let from = 0; from < rows.length; from += 5_000)
    statements.push(
      `INSERT INTO history (span, queue, metric, at, bucket, n) VALUES ${rows.slice(from, from + 5_000).join()} ON CONFLICT DO NOTHING`,
    );
  return statements.join(";\n");
}
