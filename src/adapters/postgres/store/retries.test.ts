import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../../domain/ids.ts";
import type { FileRef } from "../../../domain/records.ts";
import type { Store } from "../../../ports/store/store.ts";
import { addressOf, withService } from "../../../testing/services.ts";
import { accepted, each, jobCommand, OWNER, workerRecord } from "../../../testing/store/fixture.ts";
import { createManualWorker, success } from "../../../testing/store/manual-worker.ts";
import { openPostgresStore } from "../store.ts";
import { testSchema } from "../testing.ts";

const { url, drop } = testSchema();
const LONG_MS = 3_600_000;

await withService("PostgreSQL", addressOf(url, 5432), () => {
  let store: Store;
  let server: pg.Client;
  const schema = new URL(url).searchParams.get("schema")!;

  beforeAll(async () => {
    store = await openPostgresStore(url, { publishes: false });
    const plain = new URL(url);
    plain.searchParams.delete("schema");
    server = new pg.Client(plain.href);
    await server.connect();
    await server.query(`SET search_path = ${schema}`);
    // Sequences are not rolled back, so a failed try counts and the next one succeeds.
    await server.query("CREATE SEQUENCE changes");
    await server.query(`CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('${schema}.changes') <= 2 THEN RAISE 'in conflict' USING ERRCODE = '40P01'; END IF;
        RETURN NULL;
      END $$`);
    const { rows } = await server.query("SELECT tablename FROM pg_tables WHERE schemaname = $1", [schema]);
    for (const { tablename } of rows) {
      await server.query(`CREATE TRIGGER conflict BEFORE INSERT OR UPDATE OR DELETE ON ${tablename}
        FOR EACH STATEMENT EXECUTE FUNCTION conflict()`);
    }
  });
  afterAll(async () => {
    await server?.end();
    await store?.close();
    await drop();
  });

  /** Makes a change whose first two tries conflict with others. */
  async function inConflict<T>(change: () => Promise<T>): Promise<T> {
    await server.query("SELECT setval('changes', 1, false)");
    const changed = await change();
    const { rows } = await server.query("SELECT last_value::int AS n FROM changes");
    expect(rows[0].n, String(change)).toBeGreaterThan(2);
    return changed;
  }

  async function upload(): Promise<FileRef> {
    const sha256 = newId();
    const file = { artifactId: newId(), name: "a.txt", mediaType: "text/plain", bytes: 1, sha256 };
    const until = store.now() + LONG_MS;
    const { key } = await inConflict(() => store.pin({ key: newId(), sha256, bytes: 1, until }));
    return { ...file, blob: key };
  }

  test("changes of files", async () => {
    const { blob } = await upload();
    const keys = [blob];
    await inConflict(() => store.keepPinned({ keys, until: store.now() + LONG_MS }));
    await inConflict(() => store.unpin({ keys }));
    expect(await inConflict(() => store.collect({ now: store.now(), limit: 10 }))).toEqual(keys);
    await inConflict(() => store.forget({ keys }));
    expect(await store.known({ keys })).toEqual([]);
  });

  test("changes of jobs and tasks", async () => {
    const queue = "text/work";
    const worker = createManualWorker(store, "worker", () => store.now());
    await inConflict(() => store.heartbeat(workerRecord("worker", { [queue]: 10 }, store.now())));
    const create = async () => {
      const input = await upload();
      const files = { items: [{ name: "a", input }], pinned: [input.blob] };
      const times = { now: store.now(), retentionMs: 1, deadLetterRetentionMs: 1 };
      const command = jobCommand({ owner: OWNER, plan: [each("work", { queue })], ...files, ...times });
      const made = accepted(await inConflict(() => store.createJob(command)));
      worker.hand(made);
      return { owner: OWNER, id: made.job.id };
    };
    const take = async () => {
      const delivery = worker.deliveries.shift()!;
      const lease = newId();
      const { taskId } = delivery;
      expect((await inConflict(() => worker.claim(delivery, lease))).claimed).toBe(true);
      return { taskId, lease };
    };

    const job = await create();
    const held = await take();
    const until = store.now() + LONG_MS;
    expect(await inConflict(() => store.renew({ leases: [held], until }))).toEqual({ lost: [] });
    const memo = { ...held, step: "work", key: "k", value: 1, blob: null };
    expect(await inConflict(() => store.remember({ ...memo, now: store.now() }))).toEqual({ ok: true });
    const outcome = {
      kind: "failed",
      error: { code: "step_failed", message: "." },
      ms: 1,
      random: 0.5,
    } as const;
    expect(await inConflict(() => worker.settle(held, { ...outcome, retryable: false }))).toBe("settled");
    worker.hand(accepted(await inConflict(() => store.reopenJob({ ...job, now: store.now() }))));
    const again = await take();
    worker.hand(await inConflict(() => store.workerGone({ worker: "worker", now: store.now() })));
    await inConflict(() => store.heartbeat(workerRecord("worker", { [queue]: 10 }, store.now())));
    const sweep = { now: store.now(), limit: 10, silenceMs: LONG_MS };
    worker.hand(await inConflict(() => store.sweep(sweep)));
    const suspect = await take();
    expect(suspect.taskId).toBe(again.taskId);
    expect(await inConflict(() => worker.settle(suspect, success()))).toBe("settled");
    const later = store.now() + 10;
    const { expired } = await inConflict(() => store.expire({ now: later, limit: 10, forgetBefore: 0 }));
    expect(expired).toBe(1);

    const cancelled = await create();
    await inConflict(() => store.cancelJob({ ...cancelled, now: store.now() }));
    await inConflict(() => store.removeJob({ ...cancelled, now: store.now() }));
    expect(await store.job(cancelled)).toBeNull();
    await inConflict(() => store.setPaused({ queue, paused: true }));
    const room = {
      id: newId(),
      owner: OWNER,
      queue,
      tasks: 1,
      delayed: false,
      limit: 10,
      ownerLimit: 10,
      ownerDelayedLimit: 10,
    };
    const times = { now: store.now(), expiresAt: until };
    accepted(await inConflict(() => store.reserve({ ...room, ...times })));
    await inConflict(() => store.release({ id: room.id }));
  });
});
