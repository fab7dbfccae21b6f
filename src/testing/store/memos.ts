import { expect } from "vitest";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import type { Held } from "./crew.ts";
import { accepted, all, each, OWNER, type StoreScene } from "./scene.ts";

export function memoPoints(point: DefinePoint<StoreScene>): void {
  point("memo.keeps", "a memo outlives the attempt that wrote it", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    crew.hand(await scene.create({ files: 2 }));
    const held = await crew.take();
    const at = { taskId: held.taskId, step: "work", key: "paid call" };
    expect(await store.memo(at)).toBeNull();
    const value = { answer: [1, null, "ü"] };
    expect(await store.remember({ ...at, value, blob: null, now: scene.now(), lease: held.lease })).toEqual({
      ok: true,
    });
    expect(
      await store.remember({ ...at, value: "second", blob: null, now: scene.now(), lease: held.lease }),
    ).toEqual({ ok: true });
    expect(await store.memo(at)).toEqual({ value, blob: null });
    await crew.fail(held);
    expect(await (await scene.open()).memo(at)).toEqual({ value, blob: null });
    const other = await crew.take();
    expect(await store.memo({ ...at, taskId: other.taskId })).toBeNull();
    expect(await store.memo({ ...at, key: "another" })).toBeNull();
    expect(await store.memo({ ...at, step: "second" })).toBeNull();
  });

  point("memo.null", "null is a value too", async (scene) => {
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const { taskId, lease } = await crew.take();
    const at = { taskId, step: "work", key: "k" };
    await scene.store.remember({ ...at, value: null, blob: null, now: scene.now(), lease });
    expect(await scene.store.memo(at)).toEqual({ value: null, blob: null });
  });

  point("memo.fenced", "only the holder of the lease may write one", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const first = await crew.take();
    const at = { taskId: first.taskId, step: "work", key: "k" };
    expect(await store.remember({ ...at, value: 1, blob: null, now: scene.now(), lease: newId() })).toEqual({
      ok: false,
    });
    scene.pass(11_000);
    await crew.sweep();
    const second = await crew.take();
    expect(
      await store.remember({ ...at, value: 1, blob: null, now: scene.now(), lease: first.lease }),
    ).toEqual({ ok: false });
    expect(await store.memo(at)).toBeNull();
    expect(
      await store.remember({ ...at, value: 2, blob: null, now: scene.now(), lease: second.lease }),
    ).toEqual({ ok: true });
    await crew.succeed(second);
    expect(
      await store.remember({
        ...at,
        key: "later",
        value: 3,
        blob: null,
        now: scene.now(),
        lease: second.lease,
      }),
    ).toEqual({
      ok: false,
    });
    expect(
      await store.remember({ ...at, taskId: "nonsense", value: 3, blob: null, now: scene.now(), lease: "x" }),
    ).toEqual({ ok: false });
  });

  point("memo.replay", "a replay asks again, unless its step keeps what it has", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    const plan = [each("work"), each("second", { keepMemos: true }), all("gather")];
    const { job, deliveries } = await scene.create({ files: 2, plan });
    crew.hand({ deliveries });
    const remember = async ({ taskId, lease }: Held, step: string) =>
      expect(
        await store.remember({ taskId, step, key: "k", value: 1, blob: null, now: scene.now(), lease }),
      ).toEqual({ ok: true });
    const known = async (taskId: string) =>
      Promise.all(
        ["work", "second", "gather"].map(
          async (step) => (await store.memo({ taskId, step, key: "k" })) !== null,
        ),
      );
    const other = await crew.take();
    await remember(other, "work");
    const dying = await crew.take();
    await remember(dying, "work");
    await crew.fail(dying, { retryable: false });
    await crew.succeed(other);
    const second = await crew.take();
    await remember(second, "second");
    await crew.succeed(second);
    const gather = await crew.take();
    await remember(gather, "gather");
    await crew.succeed(gather);

    const replay = accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: scene.now() }));
    expect(await known(dying.taskId)).toEqual([false, false, false]);
    expect(await known(other.taskId)).toEqual([true, true, false]);
    // What was made of the earlier results is made again.
    expect(await known(gather.taskId)).toEqual([false, false, false]);

    crew.hand(replay);
    await crew.succeed(await crew.take());
    const again = await crew.take();
    await remember(again, "second");
    await crew.fail(again, { retryable: false });
    await crew.work();
    accepted(await store.reopenJob({ owner: OWNER, id: job.id, now: scene.now() }));
    expect(await known(dying.taskId)).toEqual([false, true, false]);
  });

  point("memo.ends", "memos go with their job", async (scene) => {
    const { store } = scene;
    const crew = await scene.crew();
    crew.hand(await scene.create());
    const { taskId, lease, job } = await crew.take();
    const at = { taskId, step: "work", key: "k" };
    await store.remember({ ...at, value: 1, blob: null, now: scene.now(), lease });
    accepted(await store.removeJob({ owner: OWNER, id: job.id, now: scene.now() }));
    expect(await store.memo(at)).toBeNull();
  });
}
