import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { topics } from "../../src/engine/messages/topics.ts";
import { copy, count, createJob, ended, form, post, problemOf, repaired } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen, type SseEvent } from "./sse-client.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count], limits: { heartbeatMs: 300 } });
});
afterAll(() => server.close());

const logged = (events: readonly SseEvent[]) => events.filter((event) => event.id !== null);
const types = (events: readonly SseEvent[]) => logged(events).map((event) => event.event);
const ids = (events: readonly SseEvent[]) => logged(events).map((event) => Number(event.id));

test("a job's stream tells everything from its start, and ends with the job", async () => {
  const job = await createJob(server.url, form("copy", [["a.txt", "a"]], { options: '{"ms":200}' }));
  const stream = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await stream.ended;
  expect(types(stream.events)).toEqual([
    "job.created",
    "job.started",
    "item.started",
    "item.succeeded",
    "job.succeeded",
  ]);
  for (const event of stream.events) {
    expect(event.data.jobId).toBe(job.id);
    expect(event.data.progress).toMatchObject({ total: 1 });
    if (event.event.startsWith("item.")) expect(event.data.index).toBe(0);
  }
});

test("the stream of a job that has ended replays it, and ends at once for who has seen all", async () => {
  const job = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  await ended(server.url, job.id);
  const all = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await all.ended;
  expect(types(all.events).at(-1)).toBe("job.succeeded");
  const rest = await listen(server.url, `/v1/jobs/${job.id}/events`, all.events[0]!.id);
  await rest.ended;
  expect(rest.events).toEqual(all.events.slice(1));
  const none = await listen(server.url, `/v1/jobs/${job.id}/events`, all.events.at(-1)!.id);
  await none.ended;
  expect(none.events).toEqual([]);
});

test("a reopened job's stream goes on past its first end", async () => {
  const job = await createJob(
    server.url,
    form("copy", [["x-again.txt", "x"]], { options: '{"fail":"again","ms":100}' }),
  );
  await ended(server.url, job.id);
  repaired.add("again");
  await post(server.url, `/v1/jobs/${job.id}/retry`, {});
  const stream = await listen(server.url, `/v1/jobs/${job.id}/events`);
  await stream.ended;
  const seen = types(stream.events);
  expect(seen.filter((type) => type.startsWith("job."))).toEqual([
    "job.created",
    "job.started",
    "job.failed",
    "job.reopened",
    ...(seen.filter((type) => type === "job.started").length > 1 ? ["job.started"] : []),
    "job.succeeded",
  ]);
});

test("a client that is cut again and again misses nothing and gets nothing twice", async () => {
  const observer = await listen(server.url, "/v1/events");
  const seen: SseEvent[] = [];
  let cursor: string | null = null;
  let done = false;
  const cutting = (async () => {
    while (!done) {
      const client = await listen(server.url, "/v1/events", cursor);
      await sleep(Math.random() * 30);
      await client.cut();
      seen.push(...logged(client.events));
      cursor = client.lastId();
    }
    const last = await listen(server.url, "/v1/events", cursor);
    await expect.poll(() => ids(last.events).at(-1) ?? Number(cursor)).toBe(ids(observer.events).at(-1));
    seen.push(...logged(last.events));
    await last.cut();
  })();
  const jobs = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      createJob(
        server.url,
        form(
          "copy",
          [
            ["a.txt", "a"],
            ["b.txt", "b"],
          ],
          { options: `{"ms":${n * 5}}` },
        ),
      ),
    ),
  );
  await Promise.all(jobs.map((job) => ended(server.url, job.id)));
  await sleep(100);
  done = true;
  await cutting;
  await observer.cut();
  expect(ids(observer.events)).toEqual(ids(observer.events).map((_, n) => ids(observer.events)[0]! + n));
  expect(ids(seen)).toEqual(ids(observer.events).filter((id) => id >= ids(seen)[0]!));
  expect(ids(seen).length).toBeGreaterThan(80);
});

test("events reach every client within milliseconds, though no poke comes from the client's own job", async () => {
  const clients = await Promise.all(Array.from({ length: 50 }, () => listen(server.url, "/v1/events")));
  const job = await createJob(server.url, { pipeline: "count", options: { to: 2 } });
  await Promise.all(
    clients.map((client) =>
      expect.poll(() => types(client.events).at(-1), { timeout: 2_000, interval: 5 }).toBe("job.succeeded"),
    ),
  );
  const [first] = clients;
  for (const client of clients) expect(ids(client.events)).toEqual(ids(first!.events));
  expect(first!.events.every((event) => event.data.jobId === job.id)).toBe(true);
  await Promise.all(clients.map((client) => client.cut()));
});

test("a cursor that the log does not hold gets one resync, and then what is new", async () => {
  for (const cursor of ["999999999", "nonsense"]) {
    const stream = await listen(server.url, "/v1/events", cursor);
    const job = await createJob(server.url, { pipeline: "count", options: { to: 3 } });
    await expect.poll(() => types(stream.events).at(-1)).toBe("job.succeeded");
    expect(stream.events[0]).toMatchObject({ event: "resync", id: null });
    expect(stream.events.filter((event) => event.event === "resync")).toHaveLength(1);
    expect(logged(stream.events).every((event) => event.data.jobId === job.id)).toBe(true);
    await stream.cut();
    const resumed = await listen(server.url, "/v1/events", stream.lastId());
    await sleep(100);
    expect(resumed.events).toEqual([]);
    await resumed.cut();
  }
});

test("a comment keeps the stream awake", async () => {
  const stream = await listen(server.url, "/v1/events");
  await expect.poll(() => stream.comments(), { timeout: 3_000 }).toBeGreaterThan(3);
  await stream.cut();
});

test("a client that does not keep up is cut, and misses nothing when it resumes", async () => {
  const slow = connect(server.port, "127.0.0.1");
  slow.on("error", () => {});
  const cut = once(slow, "close");
  slow.write("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const [head] = (await once(slow, "data")) as [Buffer];
  slow.pause();
  const position = /id: (\d+)/.exec(head.toString())?.[1] ?? "0";
  const job = await createJob(server.url, form("copy", [["s.txt", "s"]], { options: '{"ms":60000}' }));
  const message = { owner: "local", jobId: job.id, type: "text.delta", index: 0, attempt: 1 };
  const flood = JSON.stringify({ ...message, data: { text: "x".repeat(4_000) } });
  const open = async () =>
    (await (await fetch(`${server.url}/metrics`)).text()).match(/millrace_sse_clients (\d+)/)![1];
  const before = Number(await open());
  for (let n = 0; n < 4_000 && Number(await open()) === before; n += 200) {
    await Promise.all(Array.from({ length: 200 }, () => server.engine.bus.publish(topics.live, flood)));
  }
  expect(Number(await open())).toBe(before - 1);
  slow.resume();
  await cut;
  await fetch(`${server.url}/v1/jobs/${job.id}/cancel`, { method: "POST" });
  const resumed = await listen(server.url, "/v1/events", position);
  await expect.poll(() => types(resumed.events)).toContain("job.cancelled");
  expect(types(resumed.events)[0]).toBe("job.created");
  await resumed.cut();
});

test("what is live only has no id, and is not replayed", async () => {
  const stream = await listen(server.url, "/v1/events");
  const working = await createJob(server.url, form("copy", [["p.txt", "p"]], { options: '{"ms":60000}' }));
  const told = () => stream.events.find((event) => event.event === "item.progress");
  await expect.poll(told).toMatchObject({ id: null, data: { jobId: working.id, index: 0, attempt: 1 } });
  const message = {
    owner: "local",
    jobId: working.id,
    type: "text.delta",
    index: 0,
    attempt: 1,
    data: { text: "Hel" },
  };
  await server.engine.bus.publish(topics.live, JSON.stringify(message));
  await server.engine.bus.publish(topics.live, JSON.stringify({ ...message, owner: "somebody-else" }));
  await server.engine.bus.publish(topics.live, "not json");
  const deltas = () => stream.events.filter((event) => event.event === "text.delta");
  await expect.poll(deltas).toHaveLength(1);
  expect(deltas()[0]).toMatchObject({
    id: null,
    data: { jobId: working.id, index: 0, attempt: 1, text: "Hel" },
  });
  await fetch(`${server.url}/v1/jobs/${working.id}/cancel`, { method: "POST" });
  await stream.cut();
});

test("another owner's events are not told", async () => {
  const stream = await listen(server.url, "/v1/events");
  await server.engine.createJob({ owner: "somebody-else", pipeline: "count", options: { to: 1 }, files: [] });
  await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  await expect.poll(() => types(stream.events).at(-1)).toBe("job.succeeded");
  expect(types(stream.events).filter((type) => type === "job.created")).toHaveLength(1);
  await stream.cut();
});

test("an unknown job has no stream", async () => {
  const response = await fetch(`${server.url}/v1/jobs/nope/events`);
  expect(await problemOf(response)).toMatchObject({ status: 404, code: "not_found" });
});

test("closing the server ends the streams in order", async () => {
  const other = await start({ pipelines: [count] });
  const stream = await listen(other.url, "/v1/events");
  const start_ = performance.now();
  await other.close();
  await stream.ended;
  expect(performance.now() - start_).toBeLessThan(5_000);
});
