import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { addressOf, withService } from "../../../testing/services.ts";
import { jobCommand } from "../../../testing/store/fixture.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const schema = testSchema();
const DAY = 24 * 3_600_000;

await withService("PostgreSQL", addressOf(schema.url, 5432), async () => {
  const store = await openPostgresStore(schema.url, { publishes: false });
  const client = new pg.Client({ connectionString: schema.url.replace(/\?.*/, "") });
  await client.connect();
  await client.query(`SET search_path = ${new URL(schema.url).searchParams.get("schema")}`);
  afterAll(async () => {
    await client.end();
    await store.close();
    await schema.drop();
  });

  test("events that were written one by one are read, and forgotten, beside runs", async () => {
    const owner = "a";
    const { job } = (await store.createJob(jobCommand({ owner, retentionMs: 1_000 }))) as {
      job: { id: string };
    };
    const { last } = await store.logBounds({ owner });
    await client.query("UPDATE owners SET last_seq = last_seq + 1 WHERE owner = $1", [owner]);
    await client.query(
      "INSERT INTO events (owner, seq, job_id, type, at, data) VALUES ($1, $2, $3, $4, $5, $6)",
      [
        ...[owner, last + 1, job.id, "item.started", 7],
        { jobId: job.id, name: "secret.png", progress: { total: 1 } },
      ],
    );
    await store.createJob(jobCommand({ owner }));
    const events = await store.events({ owner, after: 0, limit: 100 });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, n) => n + 1));
    expect(events[last]).toMatchObject({ type: "item.started", at: 7, data: { name: "secret.png" } });
    expect(await store.events({ owner, after: last, limit: 1, jobId: job.id })).toEqual([events[last]]);

    const later = Date.now() + DAY;
    await store.expire({ now: later, limit: 10, forgetBefore: 0 });
    await store.removeJob({ owner, id: job.id, now: later });
    const forgotten = (await store.events({ owner, after: 0, limit: 100 })).filter(
      (one) => one.jobId === job.id,
    );
    expect(forgotten.slice(0, last + 1).map(({ type, at, seq }) => ({ type, at, seq }))).toEqual(
      events.slice(0, last + 1).map(({ type, at, seq }) => ({ type, at, seq })),
    );
    for (const { data } of forgotten) expect(data.forgotten).toBe(true);
    expect(JSON.stringify(forgotten)).not.toContain("secret.png");
  });

  test("a log of any length is trimmed when the last job that it tells of is forgotten", async () => {
    const owner = "long";
    const made = (await store.createJob(jobCommand({ owner, retentionMs: 1_000 }))) as {
      job: { id: string };
    };
    const { id } = made.job;
    await store.cancelJob({ owner, id, now: store.now() });
    const { last } = await store.logBounds({ owner });
    await client.query("UPDATE owners SET last_seq = last_seq + 5000 WHERE owner = $1", [owner]);
    await client.query(
      `INSERT INTO events (owner, seq, job_id, type, at, data)
       SELECT $1, $2::bigint + n, $3, 'item.started', 7, '{}' FROM generate_series(1, 5000) AS n`,
      [owner, last, id],
    );
    const later = store.now() + DAY;
    await store.expire({ now: later, limit: 10, forgetBefore: 0 });
    await store.expire({ now: later, limit: 10, forgetBefore: later });
    const { rows } = await client.query(
      "SELECT count(*)::int AS n FROM events WHERE owner = $1 AND at < $2",
      [owner, later],
    );
    expect(rows[0].n).toBe(0);
  });
});
