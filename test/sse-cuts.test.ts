import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import { eventsOf } from "../src/testing/store/log.ts";
import { createJob, ended, form } from "./server/fixtures.ts";
import { type Running, start } from "./server/harness.ts";

const CLIENTS = Number(process.env.MILLRACE_SSE_CLIENTS ?? 60);
const CUTS = Number(process.env.MILLRACE_SSE_CUTS ?? 10);
const JOBS = 6;
const ITEMS = 50;
const CUT_EVERY_MS = 400;

/** Slow enough for its events to arrive while clients are being disconnected. */
const slow = definePipeline({
  name: "slow",
  version: 1,
  title: "Slow",
  accepts: { mediaTypes: ["*"], maxFiles: ITEMS },
}).each(
  "wait",
  async (ctx) => {
    await sleep(20 + Math.random() * 200, undefined, { signal: ctx.signal });
    if (Math.random() < 0.1) throw new Error("a failure by chance");
  },
  { cache: "never", concurrency: 8, backoff: { baseMs: 20, maxMs: 100 } },
);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [slow], limits: { ownerStreams: CLIENTS } });
});
afterAll(() => server.close());

interface Client {
  path: string;
  /** Ids of the events in order of arrival. */
  ids: number[];
  cuts: number;
  /** Whether the server has ended the stream, as it does after a job's last event. */
  over: boolean;
}

function ofAll(client: Client): boolean {
  return client.path === "/v1/events";
}

/** One connection from where the client left off, until it is cut after a time or an event, or ends. */
async function connectOnce(client: Client, cut: { afterMs?: number; afterId?: number }): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const last = client.ids.at(-1) ?? 0;
    get(server.url + client.path, { headers: { "last-event-id": String(last) }, agent: false }, resolve).on(
      "error",
      reject,
    );
  });
  const timer = cut.afterMs === undefined ? null : setTimeout(() => response.destroy(), cut.afterMs);
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += chunk as string;
      const frames = text.split("\n\n");
      text = frames.pop()!;
      for (const frame of frames) {
        const id = /^id: (\d+)$/m.exec(frame)?.[1];
        if (id !== undefined && /^event: /m.test(frame)) client.ids.push(Number(id));
      }
      if (cut.afterId !== undefined && client.ids.at(-1) === cut.afterId) response.destroy();
    }
    client.over = true;
  } catch {
    client.cuts++;
  } finally {
    if (timer) clearTimeout(timer);
  }
}

test(`${CLIENTS} clients that are cut ${CUTS} times each miss nothing and get nothing twice`, {
  timeout: 60_000 + CLIENTS * 200,
}, async () => {
  const files = Array.from({ length: ITEMS }, (_, n) => [`${n}.txt`, `${n}`] as const);
  const jobs: string[] = [];
  const clients: Client[] = [];
  const listening: Promise<void>[] = [];
  let working = true;
  const listen = async (client: Client) => {
    while (working && client.cuts < CUTS && !client.over) {
      await connectOnce(client, { afterMs: CUT_EVERY_MS * (0.2 + 1.6 * Math.random()) });
    }
  };
  for (let n = 0; n < JOBS; n++) {
    const { id } = await createJob(server.url, form("slow", files));
    jobs.push(id);
    for (let m = 0; m < CLIENTS / JOBS; m++) {
      // Half of the clients follow all jobs, the other half one job.
      const path = m % 2 === 0 ? "/v1/events" : `/v1/jobs/${id}/events`;
      const client: Client = { path, ids: [], cuts: 0, over: false };
      clients.push(client);
      listening.push(listen(client));
    }
    await sleep(200);
  }
  for (const id of jobs) expect((await ended(server.url, id)).state).toMatch(/succeeded|partial/);
  working = false;
  await Promise.all(listening);

  const log = await eventsOf(server.engine.store, "local");
  expect(log.map((event) => event.seq)).toEqual(log.map((_, n) => n + 1));
  expect(clients.reduce((sum, client) => sum + client.cuts, 0)).toBeGreaterThan(CLIENTS);
  // Reads the rest over a stable connection.
  const left = clients.filter((client) => !client.over && client.ids.at(-1) !== log.at(-1)!.seq);
  const end = log.at(-1)!.seq;
  await Promise.all(left.map((client) => connectOnce(client, ofAll(client) ? { afterId: end } : {})));
  for (const client of clients) {
    const jobId = client.path.split("/")[3];
    const told = log.filter((event) => ofAll(client) || event.jobId === jobId).map((event) => event.seq);
    expect(client.ids, client.path).toEqual(told);
  }
});
