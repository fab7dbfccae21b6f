import { expect, test } from "vitest";
import { creation, MemoryLedger } from "../../testing/memory-ledger.ts";
import { each } from "../../testing/store/fixture.ts";
import { failure, success } from "../../testing/store/manual-worker.ts";
import { claim } from "./claim.ts";
import { requestCancel, requestJob, requestRemoval, requestReopening } from "./requests.ts";
import { settle } from "./settle.ts";

const owner = "owner";

test("the same id again is answered with the job, and creates nothing", () => {
  const records = new MemoryLedger();
  const command = creation();
  const first = records.run((ledger) => requestJob(ledger, command));
  expect(first).toMatchObject({ ok: true, created: true, items: [{ item: 0, state: "published" }] });
  const again = records.run((ledger) => requestJob(ledger, command));
  expect(again).toEqual({ ...first, created: false });
  expect(records.types(command.id)).toEqual(["job.created"]);
  expect(records.deliveries).toHaveLength(1);
});

test("an idempotency key leads to its job for the same request, until it expires", () => {
  const records = new MemoryLedger();
  const idempotency = { key: "k", fingerprint: "f", expiresAt: 2_000 };
  const first = creation({ idempotency });
  records.run((ledger) => requestJob(ledger, first));

  const second = creation({ idempotency });
  expect(records.run((ledger) => requestJob(ledger, second))).toMatchObject({
    ok: true,
    created: false,
    job: { id: first.id },
  });
  const other = creation({ idempotency: { ...idempotency, fingerprint: "other" } });
  expect(records.run((ledger) => requestJob(ledger, other))).toMatchObject({
    ok: false,
    code: "idempotency_mismatch",
  });
  const stranger = creation({ owner: "stranger", idempotency });
  expect(records.run((ledger) => requestJob(ledger, stranger))).toMatchObject({ created: true });
  const late = creation({ idempotency, now: 2_000 });
  expect(records.run((ledger) => requestJob(ledger, late))).toMatchObject({ created: true });
});

test("a key whose job was removed is free", () => {
  const records = new MemoryLedger();
  const idempotency = { key: "k", fingerprint: "f", expiresAt: 2_000 };
  const { id } = creation();
  records.run((ledger) => requestJob(ledger, creation({ id, idempotency })));
  records.run((ledger) => requestRemoval(ledger, { owner, id, now: 1_001 }));
  const next = creation({ idempotency: { ...idempotency, fingerprint: "other" } });
  expect(records.run((ledger) => requestJob(ledger, next))).toMatchObject({ ok: true, created: true });
});

test("a refused creation leaves no key, and its reservation as it is", () => {
  const records = new MemoryLedger();
  const input = records.upload("gone", 500);
  const idempotency = { key: "k", fingerprint: "f", expiresAt: 2_000 };
  const command = creation({ items: [{ name: "a", input }], idempotency, reservation: "r" });
  expect(records.run((ledger) => requestJob(ledger, command))).toMatchObject({ ok: false, code: "gone" });
  expect(records.idempotencyKey(owner, "k", 1_000)).toBeNull();
  expect(records.released).toEqual([]);
  expect(records.events).toEqual([]);

  const good = creation({ idempotency, reservation: "r" });
  records.run((ledger) => requestJob(ledger, good));
  expect(records.released).toEqual(["r"]);
  expect(records.idempotencyKey(owner, "k", 1_000)).toMatchObject({ jobId: good.id });
});

test("the answer shows the first hundred items", () => {
  const records = new MemoryLedger();
  const input = records.upload("a");
  const items = Array.from({ length: 120 }, (_, n) => ({ name: `${n}`, input }));
  const made = records.run((ledger) => requestJob(ledger, creation({ items })));
  expect(made).toMatchObject({ ok: true, job: { total: 120 } });
  expect(made.ok && made.items.map((item) => item.item)).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test("nobody learns of another's job, and an operator of any", () => {
  const records = new MemoryLedger();
  const { id } = creation();
  records.run((ledger) => requestJob(ledger, creation({ id })));
  const theirs = { owner: "other", id, now: 1_001 };
  const missing = { ok: false, code: "not_found", message: "There is no such job." };
  for (const request of [requestCancel, requestReopening, requestRemoval]) {
    expect(records.run((ledger) => request(ledger, theirs))).toEqual(missing);
    expect(records.run((ledger) => request(ledger, { ...theirs, owner, id: "none" }))).toEqual(missing);
  }
  expect(records.run((ledger) => requestReopening(ledger, { ...theirs, owner: null }))).toMatchObject({
    code: "job_not_retryable",
  });
});

test("what has ended is not cancelled, and what did not fail is not run again", () => {
  const records = new MemoryLedger();
  const { id } = creation();
  records.run((ledger) => requestJob(ledger, creation({ id })));
  const delivery = records.deliveries.pop()!;
  const take = { ...delivery, worker: "w", lease: "l", now: 1_001, leaseMs: 10_000 };
  records.run((ledger) => claim(ledger, take));
  expect(records.run((ledger) => requestReopening(ledger, { owner, id, now: 1_002 }))).toMatchObject({
    code: "job_not_retryable",
    message: "No item of this job has failed.",
  });
  const settled = { taskId: delivery.taskId, lease: "l", now: 1_002, outcome: success() };
  expect(records.run((ledger) => settle(ledger, settled))).toBe("settled");
  expect(records.run((ledger) => requestCancel(ledger, { owner, id, now: 1_003 }))).toMatchObject({
    code: "job_ended",
    message: "The job has already ended (succeeded).",
  });
});

test("a cancelled job revokes its leases once, and does not run again", () => {
  const records = new MemoryLedger();
  const { id } = creation();
  records.run((ledger) => requestJob(ledger, creation({ id })));
  const delivery = records.deliveries.pop()!;
  records.run((ledger) => claim(ledger, { ...delivery, worker: "w", lease: "l", now: 1_001, leaseMs: 1 }));
  expect(records.run((ledger) => requestCancel(ledger, { owner, id, now: 1_002 }))).toEqual({ ok: true });
  expect(records.revoked).toEqual(["l"]);
  const late = { taskId: delivery.taskId, lease: "l", now: 1_003, outcome: success() };
  expect(records.run((ledger) => settle(ledger, late))).toBe("stale");
  expect(records.run((ledger) => requestReopening(ledger, { owner, id, now: 1_004 }))).toMatchObject({
    code: "job_not_retryable",
    message: "A job that is cancelled cannot run again.",
  });
  expect(records.types(id).at(-1)).toBe("job.cancelled");
});

test("failed items run again as long as their files are there", () => {
  const records = new MemoryLedger();
  const input = records.upload("a", 5_000);
  const { id } = creation();
  const plan = [each("work", { attempts: 1 })];
  records.run((ledger) =>
    requestJob(ledger, creation({ id, plan, items: [{ name: "a", input }], pinned: ["a"] })),
  );
  const run = (lease: string, now: number) => {
    const delivery = records.deliveries.pop()!;
    records.run((ledger) => claim(ledger, { ...delivery, worker: "w", lease, now, leaseMs: 10_000 }));
    const settled = { taskId: delivery.taskId, lease, now, outcome: failure() };
    records.run((ledger) => settle(ledger, settled));
  };
  run("first", 1_001);
  expect(records.run((ledger) => requestReopening(ledger, { owner, id, now: 9_000 }))).toEqual({
    ok: true,
    items: 1,
  });
  run("second", 9_001);
  records.blobs.get("a")!.deleting = true;
  expect(records.run((ledger) => requestReopening(ledger, { owner, id, now: 9_002 }))).toMatchObject({
    ok: false,
    code: "gone",
  });
  expect(records.types(id).filter((type) => type === "job.reopened")).toHaveLength(1);
});
