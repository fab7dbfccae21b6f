import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { RetryableError, Snooze } from "../src/pipeline/control.ts";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import { eventsOf } from "../src/testing/store/log.ts";
import { ended, form, type JobJson, post, problemOf } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";

const fast = { cache: "never", concurrency: 16, backoff: { baseMs: 5, maxMs: 20 } } as const;

/** Two steps per file that fail at random, and two fan-ins that report what reached them. */
const chances = definePipeline({
  name: "chances",
  version: 1,
  title: "Chances",
  accepts: { mediaTypes: ["*"], maxFiles: 100 },
  options: z.object({ failures: z.number().default(0), ms: z.number().default(0) }),
  queueLimit: 100_000,
})
  .each("first", (ctx) => chance(ctx), { ...fast, attempts: 2 })
  .each("second", (ctx) => chance(ctx), { ...fast, attempts: 2 })
  .all("gather", async (ctx) => {
    await sleep(ctx.options.ms, undefined, { signal: ctx.signal });
    return { items: ctx.items.length, failures: ctx.failures.length };
  })
  .all("publish", (ctx) => ctx.previous, fast);

async function chance(ctx: {
  options: { failures: number; ms: number };
  signal: AbortSignal;
  index: number;
}) {
  await sleep(Math.random() * ctx.options.ms, undefined, { signal: ctx.signal });
  if (Math.random() < ctx.options.failures) throw new Error("a failure by chance");
  return ctx.index;
}

/** Values that records cannot store as they are. */
const odd = definePipeline({
  name: "odd",
  version: 1,
  title: "Odd",
  options: z.object({ how: z.string() }),
}).each(
  "say",
  async (ctx) => {
    const { how } = ctx.options;
    const isFirst = !tried.has(ctx.jobId);
    tried.add(ctx.jobId);
    if (how === "waits for a fraction" && isFirst) throw new RetryableError("later", { afterMs: 10.5 });
    if (how === "waits for no number" && isFirst) throw new RetryableError("later", { afterMs: Number.NaN });
    if (how === "sleeps for a fraction" && isFirst) throw new Snooze(10.25);
    if (how === "returns what is no JSON") return 5n as unknown as string;
    if (how === "writes what is no JSON") {
      await ctx.write({
        name: "a",
        mediaType: "text/plain",
        data: Buffer.from("a"),
        meta: { x: 1n as never },
      });
    }
    return how;
  },
  { ...fast, concurrency: 2 },
);
const tried = new Set<string>();

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [chances, odd] });
});
afterAll(() => server.close());

const files = (count: number) => Array.from({ length: count }, (_, n) => [`${n}.txt`, `file ${n}`] as const);
const ask = (id: string, call: string) => fetch(`${server.url}/v1/jobs/${id}/${call}`, { method: "POST" });

async function submit(count: number, options: object): Promise<JobJson> {
  const response = await post(
    server.url,
    "/v1/jobs",
    form("chances", files(count), { options: JSON.stringify(options) }),
  );
  expect(response.status).toBe(202);
  return (await response.json()) as JobJson;
}

test("200 submissions at once under one key make one job", async () => {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => post(server.url, "/v1/jobs", form("chances", files(1)), headers)),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  const jobs = (await Promise.all(answers.map((answer) => answer.json()))) as JobJson[];
  expect(new Set(jobs.map((job) => job.id)).size).toBe(1);
  expect(answers.filter((answer) => !answer.headers.has("idempotency-replayed"))).toHaveLength(1);
  const other = await post(server.url, "/v1/jobs", form("chances", files(2)), headers);
  expect(await problemOf(other)).toMatchObject({ status: 422, code: "idempotency_mismatch" });
});

test.each([
  ["waits for a fraction", "succeeded"],
  ["waits for no number", "succeeded"],
  ["sleeps for a fraction", "succeeded"],
  ["returns what is no JSON", "failed"],
  ["writes what is no JSON", "failed"],
])("a step that %s holds up nobody", async (how, state) => {
  const response = await post(server.url, "/v1/jobs", { pipeline: "odd", options: { how } });
  const job = await ended(server.url, ((await response.json()) as JobJson).id);
  expect(job).toMatchObject({ state });
  if (state === "succeeded") return;
  // The client gets a reference; only the operator sees the internal details of an exception.
  const { items } = (await (await fetch(`${server.url}/v1/admin/dead-letters?pipeline=odd`)).json()) as {
    items: { jobId: string; error: { message: string; detail?: string } }[];
  };
  const { error } = items.find(({ jobId }) => jobId === job.id)!;
  expect(`${error.message} ${error.detail}`).toMatch(/BigInt/);
});

interface Gathered {
  items: number;
  failures: number;
}

test("no fan-in is stuck, whatever fails", { timeout: 60_000 }, async () => {
  const jobs = await Promise.all(Array.from({ length: 8 }, () => submit(100, { failures: 0.4 })));
  for (const { id } of jobs) {
    const job = await ended(server.url, id);
    expect(job.state).toBe("partial");
    expect(job.result).toEqual({ items: job.progress.done, failures: job.progress.failed });
    expect(job.progress.done + job.progress.failed).toBe(100);
  }
});

test("jobs that are retried while they run still gather every item, once a run", {
  timeout: 60_000,
}, async () => {
  const jobs = await Promise.all(Array.from({ length: 4 }, () => submit(30, { failures: 0.5, ms: 20 })));
  await Promise.all(
    jobs.map(async ({ id }) => {
      for (let n = 0; n < 12; n++) {
        await sleep(Math.random() * 150);
        const answer = await ask(id, "retry");
        expect([202, 409]).toContain(answer.status);
      }
    }),
  );
  for (const { id } of jobs) {
    const job = await ended(server.url, id);
    expect(job.state).toMatch(/^(partial|succeeded)$/);
    expect((job.result as Gathered).items).toBe(job.progress.done);
    expect((job.result as Gathered).failures).toBe(job.progress.failed);
    const log = await eventsOf(server.engine.store, "local", id);
    const ends = log.filter((event) => /^job\.(succeeded|partial|failed)$/.test(event.type)).length;
    const reopened = log.filter((event) => event.type === "job.reopened").length;
    // A job reopened before its end has one end less.
    expect(ends).toBeLessThanOrEqual(reopened + 1);
    expect(ends).toBeGreaterThan(0);
    expect(log.at(-1)!.type).toBe(`job.${job.state}`);
  }
});

test("cancelling, retrying and removing at random leaves nothing open", { timeout: 60_000 }, async () => {
  const kept: string[] = [];
  await Promise.all(
    Array.from({ length: 30 }, async () => {
      const { id } = await submit(8, { failures: 0.2, ms: 60 });
      kept.push(id);
      await Promise.all(
        Array.from({ length: 5 }, async () => {
          await sleep(Math.random() * 400);
          const die = Math.random();
          const answer =
            die < 0.15
              ? await fetch(`${server.url}/v1/jobs/${id}`, { method: "DELETE" })
              : await ask(id, die < 0.4 ? "cancel" : "retry");
          expect([200, 202, 204, 404, 409]).toContain(answer.status);
        }),
      );
    }),
  );
  for (const id of kept) {
    const job = await ended(server.url, id);
    if (job.code === "not_found") continue;
    expect(job.state).toMatch(/^(succeeded|partial|failed|cancelled)$/);
    expect(job.items.filter((item) => /queued|running|retrying/.test(item.state))).toEqual([]);
  }
  await expect
    .poll(async () => {
      const queues = await server.engine.store.queues({ now: Date.now() });
      return queues.filter((queue) => queue.ready + queue.running + queue.scheduled > 0);
    })
    .toEqual([]);
  const log = await eventsOf(server.engine.store, "local");
  expect(log.map((event) => event.seq)).toEqual(log.map((_, n) => n + 1));
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});
