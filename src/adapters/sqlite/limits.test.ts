import { once } from "node:events";
import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { newId } from "../../domain/ids.ts";
import { createJob } from "../../domain/ledger/create.ts";
import { all, each, jobCommand } from "../../testing/store/fixture.ts";
import { connectWriter } from "./client.ts";
import { StoreClock } from "./clock.ts";
import { SqliteLedger } from "./ledger.ts";
import { MAX_MESSAGE } from "./protocol.ts";
import { Queues } from "./queues.ts";
import { migrate, migrateCold } from "./schema.ts";
import { sqliteStore } from "./store.ts";
import { testWriter } from "./testing.ts";
import { writes } from "./writes.ts";

test("a call that is too large is refused, and nothing else is", async () => {
  const { store } = await open();
  const job = jobCommand({ options: { text: "x".repeat(MAX_MESSAGE) } });
  const [refused, made] = await Promise.allSettled([store.createJob(job), store.createJob(jobCommand())]);
  expect(refused).toMatchObject({
    status: "rejected",
    reason: { code: "payload_too_large", retryable: false },
  });
  expect(made).toMatchObject({ status: "fulfilled", value: { ok: true } });
});

test("what is no frame ends the connection that it came from, and not the writer", async () => {
  const { store, socketPath } = await open();
  for (const text of ["no JSON\n", '{"not":"a list"}\n']) {
    const socket = connect(socketPath).on("error", () => {});
    socket.write(text);
    await once(socket, "close");
  }
  const endless = connect(socketPath).on("error", () => {});
  const next = (event: string) => new Promise((resolve) => endless.once(event, resolve));
  const closed = next("close");
  const chunk = Buffer.alloc(1024 * 1024, "x");
  while (!endless.destroyed) if (!endless.write(chunk)) await Promise.race([next("drain"), closed]);
  await closed;
  expect(await store.jobs({ owner: "local", limit: 1 })).toEqual([]);
});

test("answers that would be too large together are sent one after the other", async () => {
  const { store } = await open();
  const job = jobCommand({ options: { text: "x".repeat(MAX_MESSAGE - 10_000) } });
  await store.createJob(job);
  // Together they exceed the longest possible string: 2 ** 29 - 24 characters.
  const answers = await Promise.all(
    Array.from({ length: 24 }, async () => (await store.job({ owner: "local", id: job.id }))?.state),
  );
  expect(new Set(answers)).toEqual(new Set(["queued"]));
}, 120_000);

test("the writer keeps nothing of jobs that have ended in memory", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  migrateCold(db);
  const queues = new Queues({ ahead: true });
  const ledger = new SqliteLedger(db, queues);
  const handlers = writes(ledger, queues, new StoreClock());
  const commit = <T>(change: () => T): T => {
    ledger.sql.begin.run();
    const value = change();
    ledger.finish();
    ledger.sql.commit.run();
    ledger.committed();
    return value;
  };
  for (let n = 0; n < 20; n++) {
    const command = jobCommand({ plan: [each("work"), all("gather", { cacheKey: "k" })] });
    commit(() => createJob(ledger, command));
    const large = "x".repeat(60_000);
    for (const item of ["0", "all"]) {
      const taskId = `${command.id}.${item}`;
      const task = ledger.task(command.id, item === "all" ? -1 : 0)!;
      const lease = newId();
      const claim = {
        taskId,
        generation: task.generation,
        worker: "w",
        lease,
        now: Date.now(),
        leaseMs: 1_000,
      };
      commit(() => handlers.claim(claim));
      const outcome = {
        kind: "succeeded",
        result: large,
        resultFile: null,
        outputs: [],
        warnings: [],
      } as const;
      commit(() =>
        handlers.settle({
          taskId,
          lease,
          now: Date.now(),
          outcome: { ...outcome, outputs: [], warnings: [], cache: true, ms: 1 },
        }),
      );
    }
    expect(commit(() => ledger.tasks(command.id))).toHaveLength(2);
    expect(commit(() => ledger.job(command.id))).toMatchObject({ state: "succeeded" });
  }
  expect(ledger.keptBytes).toBe(0);
});

async function open() {
  const { socketPath, close } = await testWriter({ publishes: false });
  const client = await connectWriter(socketPath);
  onTestFinished(async () => {
    await client.close();
    await close();
  });
  return { store: sqliteStore(client, { publishes: false }), socketPath };
}
