import { createHash, randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, expect, test } from "vitest";
import { newId } from "../../../domain/ids.ts";
import type { FileRef } from "../../../domain/records.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { each, jobCommand, workerRecord } from "../../../testing/store/fixture.ts";
import { createManualWorker, success } from "../../../testing/store/manual-worker.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const ACTORS = 16;
const JOBS = 150;
const CONTENTS = 8;

const { url } = testSchema();

await withService("PostgreSQL", addressOf(url, 5432), () => {
  // A separate database, because the server counts deadlocks per database.
  const name = `test_conflicts_${randomBytes(6).toString("hex")}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  const server = new pg.Pool({ connectionString: withoutSchema(url), max: 1 });
  afterAll(async () => {
    await server.query(`DROP DATABASE IF EXISTS ${name}`);
    await server.end();
  }, 30_000);

  const deadlocks = async () => {
    const { rows } = await server.query("SELECT deadlocks::int FROM pg_stat_database WHERE datname = $1", [
      name,
    ]);
    return rows[0].deadlocks as number;
  };

  test("jobs that share their contents wait for each other, and never in a circle", {
    timeout: 60_000,
  }, async () => {
    await server.query(`CREATE DATABASE ${name}`);
    const stores = await Promise.all(
      Array.from({ length: 4 }, () => openPostgresStore(own.href, { publishes: false })),
    );
    const errors: unknown[] = [];
    let ended = 0;
    await Promise.all(
      Array.from({ length: ACTORS }, async (_, n) => {
        const store = stores[n % stores.length]!;
        while (ended < JOBS && errors.length === 0)
          await act(store, n).then(
            (jobs) => {
              ended += jobs;
            },
            (error) => errors.push(error),
          );
      }),
    );
    await Promise.all(stores.map((store) => store.close()));
    expect(errors).toEqual([]);
    // A session's statistics appear once it has ended.
    await expect.poll(deadlocks).toBe(0);
  });
});

/** One round of a client or a worker, with contents that all of them share; returns how many jobs ended in it. */
async function act(store: Store, actor: number): Promise<number> {
  const files = await Promise.all(shuffled().map((content) => upload(store, content)));
  const blobs = files.map((file) => file.blob);
  const kind = Math.random();
  if (kind < 0.2) {
    await store.unpin({ keys: blobs });
    await store.forget({ keys: await store.collect({ now: store.now(), limit: 100 }) });
    return 0;
  }
  const queue = `text/${actor}`;
  const workerId = `worker-${actor}`;
  await store.heartbeat(workerRecord(workerId, { [queue]: 10 }, store.now()));
  const id = newId();
  const command = jobCommand({
    id,
    now: store.now(),
    owner: `owner-${actor}`,
    plan: [each("work", { queue, cacheKey: "shared" }), each("second", { queue, cacheKey: "second" })],
    items: files
      .slice(0, 3)
      .map((input, n) => ({ name: "a", input: { ...input, artifactId: `${id}.${n}.in` } })),
    pinned: blobs,
  });
  const made = await store.createJob(command);
  // Someone who discarded the same content took their last pins: the client uploads it again.
  if (!made.ok) return 0;
  const worker = createManualWorker(store, workerId, () => store.now());
  worker.hand(made);
  await worker.sweep();
  const outputs = await Promise.all(
    shuffled()
      .slice(0, 2)
      .map((content) => upload(store, content)),
  );
  await worker.work(() => success({ outputs: outputs.splice(0, 1) }));
  const job = { owner: command.owner, id, now: store.now() };
  if (kind < 0.7) await store.removeJob(job);
  else await store.cancelJob(job);
  return 1;
}

function shuffled(): number[] {
  return Array.from({ length: CONTENTS }, (_, n) => n)
    .map((content) => ({ content, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, 5)
    .map((one) => one.content);
}

async function upload(store: Store, content: number): Promise<FileRef> {
  const sha256 = createHash("sha256").update(`content ${content}`).digest("hex");
  const { key } = await store.pin({ key: newId(), sha256, bytes: 1, until: store.now() + 60_000 });
  return { artifactId: newId(), name: "a.txt", mediaType: "text/plain", bytes: 1, sha256, blob: key };
}

function withoutSchema(url: string): string {
  const plain = new URL(url);
  plain.searchParams.delete("schema");
  return plain.href;
}
