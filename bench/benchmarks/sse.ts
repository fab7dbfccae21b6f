import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { giveStartSignal, readEnds } from "../clock-log.ts";
import { type Program, product, program } from "../processes.ts";
import { type Report, type Row, target } from "../report.ts";
import type { Session } from "../session.ts";
import { percentile } from "../statistics.ts";

interface Load {
  streams: number;
  perSecond: number;
  seconds: number;
  clients: number;
}

/** From the end of a step to the client that watches the job. */
export async function sse(session: Session): Promise<Report> {
  const many = session.quick ? 1_000 : 10_000;
  const rows = [
    await measure(session, { streams: 100, perSecond: 20, seconds: session.quick ? 3 : 5, clients: 1 }),
    await measure(session, { streams: many, perSecond: 100, seconds: session.quick ? 4 : 15, clients: 4 }),
  ];
  return {
    name: "sse",
    title: "From settled to seen",
    method: [
      "Each stream follows a job of its own; so many jobs end in a second, each on another stream.",
      "From the last line of the step (so its settlement counts) to the client's having read the event; one worker, clients on the same cores.",
    ],
    columns: [
      { name: "events", title: "events", digits: 0 },
      { name: "missed", title: "missed", digits: 0 },
      { name: "p50", title: "p50 ms" },
      { name: "p95", title: "p95 ms" },
      { name: "p99", title: "p99 ms" },
    ],
    rows,
    targets: [
      target("p95 with 100 streams", rows[0]!.figures.p95!, { atMost: 10 }, "ms"),
      target(`p95 with ${many} streams`, rows[1]!.figures.p95!, { atMost: 50 }, "ms"),
      target("events missed", rows[0]!.figures.missed! + rows[1]!.figures.missed!, { atMost: 0 }),
    ],
  };
}

async function measure(session: Session, { streams, perSecond, seconds, clients }: Load): Promise<Row> {
  const log = join(session.folder, `ends-${streams}.log`);
  const startSignal = join(session.folder, `start-${streams}`);
  const env = {
    BENCH_END_LOG: log,
    BENCH_START_SIGNAL: startSignal,
    MILLRACE_QUOTA_STREAMS: String(streams),
  };
  const server = await product(session, { workers: 1, env });
  const count = perSecond * seconds;
  const started = Array.from({ length: clients }, () => program(session, "sse-clients.ts", [server.url]));
  const programs = await Promise.all(started);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const ids = await createJobs(server.url, streams, (n) =>
    n < count
      ? { options: { afterMs: 500 + (n * 1_000) / perSecond } }
      : { options: { afterMs: 0 }, startAt: later },
  );
  await Promise.all(
    programs.map((one, n) =>
      openStreams(
        one,
        ids.filter((_, at) => at % clients === n),
      ),
    ),
  );
  session.say(`${streams} streams are open`);
  giveStartSignal(startSignal);
  await sleep(500 + seconds * 1_000 + 2_000);
  const seen = new Map((await Promise.all(programs.map(report))).flat());
  const ends = readEnds(log);
  const times = [...ends].flatMap(([id, at]) => (seen.has(id) ? [(seen.get(id)! - at) / 1e6] : []));
  await Promise.all(programs.map((one) => one.stop()));
  await server.stop();
  const p = (part: number) => percentile(times, part);
  return {
    subject: `${streams} streams, ${perSecond} events/s`,
    figures: { events: ends.size, missed: count - times.length, p50: p(0.5), p95: p(0.95), p99: p(0.99) },
  };
}

async function createJobs(url: string, count: number, job: (n: number) => object): Promise<string[]> {
  const ids: string[] = new Array(count);
  let next = 0;
  const create = async () => {
    for (let n = next++; n < count; n = next++) {
      const response = await fetch(`${url}/v1/jobs`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ pipeline: "bench.wait", ...job(n) }),
      });
      ids[n] = ((await response.json()) as { id: string }).id;
    }
  };
  await Promise.all(Array.from({ length: 32 }, create));
  return ids;
}

function openStreams(one: Program, ids: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    one.onMessage((message) => message.open && resolve());
    one.child.once("exit", () => reject(new Error("a client process ended")));
    one.child.send({ ids });
  });
}

function report(one: Program): Promise<[string, number][]> {
  return new Promise((resolve) => {
    one.onMessage((message) => message.seen && resolve(message.seen as [string, number][]));
    one.child.send({ report: true });
  });
}
