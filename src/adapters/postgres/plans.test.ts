import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf, withService } from "../../testing/services.ts";
import { openPostgresBroker } from "./broker.ts";
import { targetOf } from "./connection.ts";
import { statements } from "./statement.ts";
import { reads } from "./store/reads.ts";
import { openPostgresStore } from "./store.ts";
import { testSchema } from "./testing.ts";

/** Tables that grow without limit, or with the backlog. Nothing may scan them. */
const growing = [
  "jobs",
  "tasks",
  "events",
  "blobs",
  "job_blobs",
  "cache",
  "memos",
  "attempts",
  "idempotency",
  "deliveries",
];
/** Partial indexes over live or few rows, which are meant to be scanned. */
const partial = [
  ...["jobs_live", "jobs_ended_badly", "blobs_deleting", "deliveries_held", "blobs_unused"],
  ...["tasks_dead", "tasks_dead_queue", "tasks_dead_alike", "tasks_dead_code"],
];
/** Rare statements over what cannot be counted without scanning. */
const counting = ["usage"];
/** Statements that sort only the rows of their batch, or of one round of filling. */
const sorting =
  /^(lock_|renew|keep_pinned|drop_cache|append_events|put_cache|fill|retry|reject|queues$|dead_counts|live_jobs|register_queues|windows)/;

const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  let client: pg.Client;

  beforeAll(async () => {
    const [store, broker] = await Promise.all([
      openPostgresStore(schema.url, { publishes: true }),
      openPostgresBroker(schema.url),
    ]);
    await Promise.all([store.close(), broker.close()]);
    client = new pg.Client({ connectionString: targetOf(schema.url).connectionString });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await schema.drop();
  });

  async function plan(text: string): Promise<string[]> {
    const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
    await client.query(`PREPARE asked AS ${text}`);
    const values = Array.from({ length: count }, () => "NULL");
    const { rows } = await client.query(
      `EXPLAIN (COSTS off) EXECUTE asked${count > 0 ? `(${values.join()})` : ""}`,
    );
    await client.query("DEALLOCATE asked");
    return rows.map((row) => row["QUERY PLAN"] as string);
  }

  /** Steps that scan a whole table or index, and sorts of rows that a limit should have excluded. */
  function faults(steps: string[]): string[] {
    return steps.filter((step, n) => {
      const table = /Seq Scan on (\w+)/.exec(step)?.[1];
      if (table) return growing.includes(table);
      const [, index, scanned] = /Index (?:Only )?Scan (?:Backward )?using (\w+) on (\w+)/.exec(step) ?? [];
      if (index && growing.includes(scanned!) && !partial.includes(index))
        return !steps[n + 1]?.includes("Index Cond");
      return step.includes("Sort Key");
    });
  }

  test("no statement reads through a table that grows", async () => {
    const found: string[] = [];
    for (const [name, text] of statements) {
      if (counting.includes(name)) continue;
      const some = faults(await plan(text)).filter((step) => !(step.includes("Sort") && sorting.test(name)));
      for (const fault of some) found.push(`${name}: ${fault.trim()}`);
      // The next task in the backlog is read from the index, however many wait.
      if (name.startsWith("fill"))
        expect(text && (await plan(text)).join()).not.toMatch(/Sort Key: t(_\d)?\./);
    }
    expect(found).toEqual([]);
    expect(statements.size).toBeGreaterThan(60);
  });

  test("who is dead is found by reading the locks once", async () => {
    for (const name of ["vanished_workers", "release_orphans"])
      expect((await plan(statements.get(name)!)).join()).toContain("hashed SubPlan");
  });

  test("no list that a client or an operator asks for reads through a table that grows", async () => {
    const asked: string[] = [];
    const pool = {
      query({ name, text }: pg.QueryConfig) {
        if (name === undefined) asked.push(text);
        return Promise.resolve({ rows: [] });
      },
    } as unknown as pg.Pool;
    const list = reads(pool);
    const owner = "a";
    const id = `${"0".repeat(8)}-0000-0000-0000-${"0".repeat(12)}`;
    await list.jobs({ owner, limit: 50 });
    await list.jobs({ owner, limit: 50, cursor: id });
    await list.jobs({ owner, limit: 50, states: ["queued", "running"] });
    await list.items({ jobId: id, limit: 50, states: ["dead"] });
    await list.deadLetters({ limit: 50 });
    await list.deadLetters({ limit: 50, cursor: `${id}.1`, queue: "q" });
    await list.deadLetters({ limit: 50, jobId: id });
    await list.deadLetters({ limit: 50, queue: "q", code: "c", group: "g" });
    await list.findJobs({ limit: 50, look: 500, owner, from: 1, to: 2 });
    await list.findJobs({ limit: 50, look: 500, states: ["failed"], cursor: id });
    expect(asked).toHaveLength(10);
    for (const text of asked) expect([text, faults(await plan(text))]).toEqual([text, []]);
  });
});
