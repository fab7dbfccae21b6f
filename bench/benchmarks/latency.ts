import { Agent } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clock, readStarts } from "../clock-log.ts";
import { post } from "../load/clients.ts";
import { product, program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, percentile } from "../statistics.ts";

const PER_SECOND = 50;

interface Subject {
  name: string;
  note: string;
  url: string;
  log: string;
}

/** From sending a request to running its task, under light load. */
export async function latency(session: Session): Promise<Report> {
  const subjects = await start(session);
  const seconds = session.quick ? 2 : 6;
  const read = new Map<Subject, number>();
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  session.onEnd(() => agent.destroy());
  const measure = async (subject: Subject, count: number) => {
    await ask(agent, subject.url, count);
    const before = read.get(subject) ?? 0;
    let starts: number[] = [];
    for (let tries = 0; starts.length < before + count && tries < 200; tries++) {
      await sleep(50);
      starts = readStarts(subject.log);
    }
    read.set(subject, starts.length);
    const fresh = starts.slice(before);
    if (fresh.length < count) throw new Error(`${subject.name}: ${count - fresh.length} jobs never started`);
    const p = (part: number) => percentile(fresh, part);
    return { p50: p(0.5), p95: p(0.95), p99: p(0.99) };
  };
  for (const subject of subjects) await measure(subject, PER_SECOND);
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    const figures = await measure(subject, PER_SECOND * seconds);
    session.say(
      `round ${round + 1} ${subject.name}: ${Object.values(figures)
        .map((ms) => ms.toFixed(1))
        .join(" ")}`,
    );
    return figures;
  });
  const rows = subjects.map((subject) => ({
    subject: subject.name,
    figures: medians(results.get(subject)!),
    note: subject.note,
  }));
  const own = rows[0]!.figures;
  return {
    name: "latency",
    title: "From accepted to started",
    method: [
      `${PER_SECOND} jobs a second over HTTP, one worker process; from just before the request is sent to the first line of the step.`,
      `The peers stand behind Fastify with the same validation.`,
    ],
    columns: [
      { name: "p50", title: "p50 ms" },
      { name: "p95", title: "p95 ms" },
      { name: "p99", title: "p99 ms" },
    ],
    rows,
    targets: [target("p50", own.p50, { atMost: 5 }, "ms"), target("p99", own.p99, { atMost: 25 }, "ms")],
  };
}

async function ask(agent: Agent, url: string, count: number): Promise<void> {
  const began = performance.now();
  const asked: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const wait = began + (n * 1_000) / PER_SECOND - performance.now();
    if (wait > 0) await sleep(wait);
    const options = { askedAt: clock(), text: "x".repeat(200) };
    asked.push(post(agent, `${url}/v1/jobs`, JSON.stringify({ pipeline: "bench.start", options })));
  }
  await Promise.all(asked);
}

async function start(session: Session): Promise<Subject[]> {
  const peer = async (title: string, note: string, name: string, service: string): Promise<Subject> => {
    const log = join(session.folder, `starts-${name}.log`);
    const { ready } = await program(session, "server.ts", [name, service]);
    await program(session, "peer-worker.ts", [name, service], { env: { BENCH_START_LOG: log } });
    return { name: title, note, url: ready.url as string, log };
  };
  const log = join(session.folder, "starts-millrace.log");
  const own = await product(session, { workers: 1, env: { BENCH_START_LOG: log } });
  return [
    { name: "Millrace", note: "SQLite, each commit on disk", url: own.url, log },
    await peer("BullMQ", "Redis, nothing on disk", "bullmq", await redis(session, false)),
    await peer("graphile-worker", "PostgreSQL", "graphile-worker", await postgres(session)),
    await peer("pg-boss", "PostgreSQL", "pg-boss", await postgres(session)),
  ];
}
