import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../../src/adapters/postgres/testing.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import type { NotificationView } from "../../src/server/notices/notice-view.ts";
import { addressOf, withService } from "../../src/testing/services.ts";
import { createJob } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";

const note = definePipeline({ name: "note", version: 1, title: "Note" }).each("note", () => null);
const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  let here: Running;
  let there: Running;
  beforeAll(async () => {
    const env = { MILLRACE_STORE: schema.url, MILLRACE_SECRET: "s".repeat(40) };
    here = await start({ pipelines: [note], env });
    there = await start({ pipelines: [note], env });
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await schema.drop();
  });

  test("jobs of two processes notify once each, and every process tells who listens", async () => {
    const streams = await Promise.all([here, there].map(({ url }) => listen(url, "/v1/events")));
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, n) => createJob([here, there][n % 2]!.url, { pipeline: "note" })),
    );
    for (const { id } of made) await fetch(`${here.url}/v1/jobs/${id}?wait=20`);
    const answer = await fetch(`${there.url}/v1/notifications?limit=100`);
    const { items, unread } = (await answer.json()) as { items: NotificationView[]; unread: number };
    expect(items.map(({ jobId }) => jobId).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    expect(unread).toBe(20);
    for (const { events } of streams) {
      const told = () =>
        events.flatMap(({ event, data }) =>
          event === "notification" && data.notification ? [(data.notification as NotificationView).id] : [],
        );
      await expect.poll(() => told().length, { timeout: 60_000 }).toBe(20);
      expect(told().toSorted()).toEqual(items.map(({ id }) => id).toSorted());
    }
    await fetch(`${here.url}/v1/notifications/read`, { method: "POST" });
    await expect.poll(() => streams[1]!.events.at(-1)?.data).toMatchObject({ unread: 0 });
    await Promise.all(streams.map((stream) => stream.cut()));
  });
});
