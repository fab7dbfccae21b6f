import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, OWNER, type StoreFixture } from "./fixture.ts";
import type { Held } from "./manual-worker.ts";

export function memoPoints(point: DefinePoint<StoreFixture>): void {
  point("memo.keeps", "a memo outlives the attempt that wrote it", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    worker.hand(await fixture.create({ files: 2 }));
    const held = await worker.take();
    const at = { taskId: held.taskId, step: "work", key: "paid call" };
    expect(await store.memo(at)).toBeNull();
    const value = { answer: [1, null, "ü"] };
    expect(await store.remember({ ...at, value, blob: null, now: fixture.now(), lease: held.lease })).toEqual(
      {
        ok: true,
      },
    );
    expect(
      await store.remember({ ...at, value: "second", blob: null, now: fixture.now(), lease: held.lease }),
    ).toEqual({ ok: true });
    expect(await store.memo(at)).toEqual({ value, blob: null });
    await worker.fail(held);
    expect(await (await fixture.open()).memo(at)).toEqual({ value, blob: null });
    const other = await worker.take();
    expect(await store.memo({ ...at, taskId: other.taskId })).toBeNull();
    expect(await store.memo({ ...at, key: "another" })).toBeNull();
    expect(await store.memo({ ...at, step: "second" })).toBeNull();
  });

  point("memo.null", "null is a value too", async (fixture) => {
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const { taskId, lease } = await worker.take();
    const at = { taskId, step: "work", key: "k" };
    await fixture.store.remember({ ...at, value: null, blob: null, now: fixture.now(), lease });
    expect(await fixture.store.memo(at)).toEqual({ value: null, blob: null });
  });

  point("memo.fenced", "only the holder of the lease may write one", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const first = await worker.take();
    const at = { taskId: first.taskId, step: "work", key: "k" };
    expect(await store.remember({ ...at, value: 1, blob: null, now: fixture.now(), lease: newId() })).toEqual(
      {
        ok: false,
      },
    );
    fixture.pass(11_000);
    await worker.sweep();
    const second = await worker.take();
    expect(
      await store.remember({ ...at, value: 1, blob: null, now: fixture.now(), lease: first.lease }),
    ).toEqual({ ok: false });
    expect(await store.memo(at)).toBeNull();
    expect(
      await store.remember({ ...at, value: 2, blob: null, now: fixture.now(), lease: second.lease }),
    ).toEqual({ ok: true });
    await worker.succeed(second);
    expect(
      await store.remember({
        ...at,
        key: "later",
        value: 3,
        blob: null,
        now: fixture.now(),
        lease: second.lease,
      }),
    ).toEqual({
      ok: false,
    });
    expect(
      await store.remember({
        ...at,
        taskId: "nonsense",
        value: 3,
        blob: null,
        now: fixture.now(),
        lease: "x",
      }),
    ).toEqual({ ok: false });
  });

  point("memo.replay", "a replay asks again, unless its step keeps what it has", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    const plan = [each("work"), each("second", { keepMemos: true }), all("gather")];
    const { job, deliveries } = await fixture.create({ files: 2, plan });
    worker.hand({ deliveries });
    const remember = async ({ taskId, lease }: Held, step: string) =>
      expect(
        await store.remember({ taskId, step, key: "k", value: 1, blob: null, now: fixture.now(), lease }),
      ).toEqual({ ok: true });
    const known = async (taskId: string) =>
      Promise.all(
        ["work", "second", "gather"].map(
          async (step) => (await store.memo({ taskId, step, key: "k" })) !== null,
        ),
      );
    const other = await worker.take();
    await remember(other, "work");
    const dying = await worker.take();
    await remember(dying, "work");
    await worker.fail(dying, { retryable: false });
    await worker.succeed(other);
    const second = await worker.take();
    await remember(second, "second");
    await worker.succeed(second);
    const gather = await worker.take();
    await remember(gather, "gather");
    await worker.succeed(gather);

    const replay = accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await known(dying.taskId)).toEqual([false, false, false]);
    expect(await known(other.taskId)).toEqual([true, true, false]);
    // What was made from the earlier results is made again.
    expect(await known(gather.taskId)).toEqual([false, false, false]);

    worker.hand(replay);
    await worker.succeed(await worker.take());
    const again = await worker.take();
    await remember(again, "second");
    await worker.fail(again, { retryable: false });
    await worker.work();
    accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await known(dying.taskId)).toEqual([false, true, false]);
  });

  point("memo.ends", "memos go with their job", async (fixture) => {
    const { store } = fixture;
    const worker = await fixture.worker();
    worker.hand(await fixture.create());
    const { taskId, lease, job } = await worker.take();
    const at = { taskId, step: "work", key: "k" };
    await store.remember({ ...at, value: 1, blob: null, now: fixture.now(), lease });
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: fixture.now() }));
    expect(await store.memo(at)).toBeNull();
  });
}
