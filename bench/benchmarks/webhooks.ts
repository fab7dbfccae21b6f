import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { product } from "../processes.ts";
import { type Report, type Row, target } from "../report.ts";
import type { Session } from "../session.ts";
import { percentile } from "../statistics.ts";

const ENDPOINTS = 20;
/** 30 %. They answer 503 until before the second attempt, because the third would come five minutes later. */
const FAILING = 6;
const FAILING_MS = 4_000;
/** Time for the workers to share out the endpoints: handing one over takes up to two seconds. */
const SHARED_MS = 10_000;

interface Arrival {
  endpoint: string;
  id: string;
  event: string;
  ms: number;
}

/** Delivers to partly failing endpoints while sending processes are killed, and measures how long a delivery takes. */
export async function webhooks(session: Session): Promise<Report> {
  const jobs = session.quick ? 50 : 500;
  const receiver = await startReceiver(session);
  const env = { MILLRACE_OUTGOING_ALLOW: "127.0.0.1", MILLRACE_RATE_LIMIT: "0" };
  const { url } = await product(session, { workers: 2, env });
  const rows: Row[] = [];
  await sleep(SHARED_MS);

  await hook(url, `${receiver.url}/single`);
  await oneByOne(url, session.quick ? 5 : 20);
  receiver.arrivals.length = 0;
  const single = await oneByOne(url, session.quick ? 30 : 200);
  const alone = latencies(receiver, "/single", single);
  for (let n = 0; n < 5; n++) await hook(url, `${receiver.url}/dead${n}`);
  await oneByOne(url, 10);
  receiver.arrivals.length = 0;
  const beside = latencies(receiver, "/single", await oneByOne(url, single));
  rows.push(
    { subject: "one endpoint", figures: alone },
    { subject: "beside five dead ones", figures: beside },
  );

  for (let n = 0; n < ENDPOINTS; n++) {
    await hook(url, `${receiver.url}/${n < FAILING ? "failing" : "fine"}${n}`);
  }
  receiver.arrivals.length = 0;
  session.say(`${jobs * ENDPOINTS} deliveries …`);
  const { killed, ms } = await many(url, receiver, { jobs, giveUpMs: session.quick ? 50_000 : 420_000 });
  const counts = countsOf(receiver, jobs);
  rows.push({
    subject: `${jobs * ENDPOINTS} deliveries, 30 % failing, ${killed} senders killed`,
    figures: { ...counts, seconds: ms / 1_000 },
  });
  return {
    name: "webhooks",
    title: "Webhooks",
    method: [
      "Jobs of one step that does nothing; from the time of the event of their end to its arrival at a server on the same machine, two worker processes that have shared the endpoints before.",
      `Then ${ENDPOINTS} endpoints, of which ${FAILING} answer 503 for the first ${FAILING_MS / 1_000} s, beside five that never answer; worker processes are killed meanwhile.`,
    ],
    columns: [
      { name: "p50", title: "p50 ms" },
      { name: "p95", title: "p95 ms" },
      { name: "delivered", title: "delivered", digits: 0 },
      { name: "missing", title: "missing", digits: 0 },
      { name: "changed", title: "ids changed", digits: 0 },
      { name: "repeated", title: "arrived again", digits: 0 },
      { name: "seconds", title: "s" },
    ],
    rows,
    targets: [
      target("p50 from commit to arrival", alone.p50!, { atMost: 100 }, "ms"),
      target("p50 beside five dead endpoints", beside.p50!, { atMost: 100 }, "ms"),
      target("deliveries missing", counts.missing, { atMost: 0 }),
      target("ids that changed", counts.changed, { atMost: 0 }),
    ],
  };
}

type Receiver = Awaited<ReturnType<typeof startReceiver>>;

async function startReceiver(session: Session) {
  const arrivals: Arrival[] = [];
  /** Distinct deliveries to the endpoints that count. */
  const distinct = new Set<string>();
  let failingUntil = 0;
  const ids = new Map<string, Set<string>>();
  const hanging = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    const endpoint = request.url!;
    if (endpoint.startsWith("/dead")) return void hanging.add(response);
    const body = JSON.parse(await text(request)) as { timestamp: string; data: { jobId: string } };
    const id = String(request.headers["webhook-id"]);
    const event = `${endpoint} ${body.data.jobId}`;
    const known = ids.get(event) ?? new Set();
    ids.set(event, known.add(id));
    if (endpoint.startsWith("/failing") && failingUntil === 0) failingUntil = Date.now() + FAILING_MS;
    if (endpoint.startsWith("/failing") && Date.now() < failingUntil) {
      response.writeHead(503).end();
      return;
    }
    arrivals.push({ endpoint, id, event, ms: Date.now() - Date.parse(body.timestamp) });
    if (endpoint !== "/single") distinct.add(event);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  session.onEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, arrivals, ids, distinct };
}

async function ask<T>(url: string, body?: object): Promise<T> {
  for (;;) {
    const answer = await fetch(url, {
      ...(body && { method: "POST", headers: { "content-type": "application/json" } }),
      body: body && JSON.stringify(body),
    });
    if (answer.ok) return (await answer.json()) as T;
    if (answer.status !== 429 && answer.status < 500) throw new Error(`${url}: ${await answer.text()}`);
    await sleep(50);
  }
}

const hook = (url: string, to: string) => ask(`${url}/v1/webhooks`, { url: to, events: ["job.succeeded"] });
const submit = (url: string) => ask<{ id: string }>(`${url}/v1/jobs`, { pipeline: "bench.noop" });

async function oneByOne(url: string, count: number): Promise<number> {
  for (let n = 0; n < count; n++) {
    const { id } = await submit(url);
    await ask(`${url}/v1/jobs/${id}?wait=20`);
    await sleep(20);
  }
  await sleep(500);
  return count;
}

function latencies({ arrivals }: Receiver, endpoint: string, expected: number): Record<string, number> {
  const ms = arrivals.filter((one) => one.endpoint === endpoint).map((one) => one.ms);
  return {
    p50: percentile(ms, 0.5),
    p95: percentile(ms, 0.95),
    delivered: ms.length,
    missing: expected - ms.length,
  };
}

/** Creates the jobs and kills the sending processes after each third of the expected deliveries. */
async function many(
  url: string,
  { distinct }: Receiver,
  { jobs, giveUpMs }: { jobs: number; giveUpMs: number },
) {
  const begun = performance.now();
  const total = jobs * ENDPOINTS;
  const isLate = () => performance.now() - begun > giveUpMs;
  for (let n = 0; n < jobs; n += 10) await Promise.all(Array.from({ length: 10 }, () => submit(url)));
  let killed = 0;
  for (const share of [0.2, 0.5]) {
    while (distinct.size < total * share && !isLate()) await sleep(50);
    const { items } = await ask<{ items: { pid: number }[] }>(`${url}/v1/admin/workers`);
    for (const { pid } of items) {
      // Killed workers stay listed for a while.
      if (kill(pid)) killed++;
    }
  }
  while (distinct.size < total && !isLate()) await sleep(200);
  return { killed, ms: performance.now() - begun };
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

function countsOf({ arrivals, ids, distinct }: Receiver, jobs: number) {
  const counted = arrivals.filter(({ endpoint }) => endpoint !== "/single");
  const delivered = distinct.size;
  return {
    delivered,
    missing: jobs * ENDPOINTS - delivered,
    changed: [...ids.values()].filter((one) => one.size > 1).length,
    repeated: counted.length - delivered,
  };
}
