import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { Store } from "../../src/ports/store/store.ts";
import { jobCommand } from "../../src/testing/store/fixture.ts";
import { count, createJob, problemOf } from "./fixtures.ts";
import { start } from "./harness.ts";
import { listen } from "./sse-client.ts";

/** 0 by default. Run the test by hand, because it fills the system's buffers for each connection. */
const STREAMS = Number(process.env.MILLRACE_UNREAD_STREAMS ?? 0);
/** Clients of the longest log. For the full test: `MILLRACE_CATCH_UP_CLIENTS=300 MILLRACE_CATCH_UP_EVENTS=10000`. */
const CLIENTS = Number(process.env.MILLRACE_CATCH_UP_CLIENTS ?? 30);
const EVENTS = Number(process.env.MILLRACE_CATCH_UP_EVENTS ?? 2_000);
const MIB = 1024 * 1024;

test("an owner has so many streams, and a stream that is closed makes room for another", async () => {
  const server = await start({ pipelines: [count], limits: { ownerStreams: 2 }, worker: false });
  onTestFinished(() => server.close());
  const open = await Promise.all([1, 2].map(() => listen(server.url, "/v1/events")));
  const job = await createJob(server.url, { pipeline: "count", options: { to: 1 } });
  for (const path of ["/v1/events", `/v1/jobs/${job.id}/events`]) {
    const refused = await fetch(server.url + path);
    expect(refused.headers.get("retry-after")).toBe("5");
    const told = { status: 429, code: "quota_exceeded", retryable: true, quota: "streams", limit: 2 };
    expect(await problemOf(refused)).toMatchObject(told);
  }
  await open[0]!.cut();
  const again = async () => {
    const client = await listen(server.url, "/v1/events");
    await client.cut();
    return client.status;
  };
  await expect.poll(again).toBe(200);
  await open[1]!.cut();
});

test(`${STREAMS} clients that do not read cost bounded memory, and can resume`, async (ctx) => {
  if (STREAMS === 0) ctx.skip("takes long: set MILLRACE_UNREAD_STREAMS to the number of clients");
  const limits = { ownerStreams: 100_000, streamsBufferBytes: MIB };
  const server = await start({ pipelines: [count], limits, worker: false });
  onTestFinished(() => server.close());
  const jobId = await longLog(server.engine.store, 10_000);
  const figures = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)![1]);
    return { streams: figure("millrace_sse_clients"), unread: figure("millrace_sse_unread_bytes") };
  };
  const before = process.memoryUsage().rss;
  let peak = 0;
  let most = 0;
  const sockets: Socket[] = [];
  const cuts: Promise<unknown>[] = [];
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  for (let n = 0; n < STREAMS; n++) {
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    cuts.push(once(socket, "close"));
    await once(socket, "connect");
    socket.pause();
    socket.write(`GET /v1/jobs/${jobId}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (n % 20 !== 19) continue;
    most = Math.max(most, (await figures()).unread);
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  // More was written than there is room for, so some streams were cut.
  await expect.poll(async () => (await figures()).streams, { timeout: 60_000 }).toBeLessThan(STREAMS);
  expect(most).toBeLessThanOrEqual(limits.streamsBufferBytes);
  expect((peak - before) / MIB).toBeLessThan(400);
  const resumed = await listen(server.url, `/v1/jobs/${jobId}/events`, "9000");
  await resumed.ended;
  expect(resumed.events.map((event) => Number(event.id))).toEqual(
    Array.from({ length: 10_002 - 9_000 }, (_, n) => 9_001 + n),
  );
}, 300_000);

test(`${CLIENTS} clients that catch up with ${EVENTS} events each do not delay new jobs`, async () => {
  const server = await start({ pipelines: [count], limits: { ownerStreams: 100_000 } });
  onTestFinished(() => server.close());
  const jobId = await longLog(server.engine.store, EVENTS);
  const began = performance.now();
  let over = false;
  const catching = Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await listen(server.url, `/v1/jobs/${jobId}/events`);
      await client.ended;
      expect(client.events).toHaveLength(EVENTS + 2);
    }),
  ).finally(() => {
    over = true;
  });
  const delays: number[] = [];
  while (!over) {
    const at = performance.now();
    await server.engine.createJob({ owner: "other", pipeline: "count", options: { to: 1 }, files: [] });
    delays.push(performance.now() - at);
  }
  await catching;
  const took = performance.now() - began;
  const sorted = delays.sort((a, b) => a - b);
  console.log(
    `caught up in ${Math.round(took)} ms; ${delays.length} jobs: median ${sorted[delays.length >> 1]?.toFixed(1)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms`,
  );
  expect(sorted.at(-1)).toBeLessThan(took / 4);
}, 300_000);

/** Creates an ended job with this many events between its first and its last. */
async function longLog(store: Store, events: number): Promise<string> {
  const now = store.now();
  const { key: blob } = await store.pin({
    key: "text",
    sha256: "0".repeat(64),
    bytes: 1,
    until: now + 60_000,
  });
  const input = {
    artifactId: "",
    blob,
    name: "a.txt",
    mediaType: "text/plain",
    bytes: 1,
    sha256: "0".repeat(64),
  };
  const items = Array.from({ length: events }, (_, n) => ({
    // Long names, so that the log does not fit into the system's buffer for a connection.
    name: `${n}-${"x".repeat(500)}.txt`,
    input,
  }));
  const command = jobCommand({ items, pinned: [blob] });
  await store.createJob(command);
  await store.cancelJob({ owner: command.owner, id: command.id, now });
  return command.id;
}
