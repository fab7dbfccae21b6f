import { setTimeout as sleep } from "node:timers/promises";
import { recovery } from "../brokers/recovery.ts";
import { drained, order, type Part, parts, partTimes, type Subject } from "../brokers/subject.ts";
import { lineup } from "../brokers/subjects.ts";
import { readStarts } from "../clock-log.ts";
import { used } from "../processor-time.ts";
import type { Order } from "../programs/producer.ts";
import { type Column, type Report, type Row, type Target, target } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, medians, percentile, ratio } from "../statistics.ts";

const ITEMS = 1_000;
const IN_FLIGHT = 100;
const PER_SECOND = 50;

type Load = "many" | "one";
type Rates = { [name in Load | `${Load} ${Part}`]: number };

interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

/** What a benchmark of this kind takes: seconds, rounds. */
const LONG = { loadSeconds: 2, rounds: 3, latencySeconds: 4, latencyRounds: 2, recoverySeconds: 75 };
const QUICK = { loadSeconds: 0.6, rounds: 1, latencySeconds: 0.8, latencyRounds: 1, recoverySeconds: 15 };

/** Every broker of Millrace's, its peers, and loops over bare clients. */
export async function brokers(session: Session): Promise<Report> {
  const plan = session.quick ? QUICK : LONG;
  const { subjects: byId, missing } = await lineup(session);
  const subjects = [...byId.values()];
  const rates = await throughput(session, subjects, plan);
  const latencies = await latency(session, subjects, plan);
  const recoveries = await recovery(session, subjects, plan.recoverySeconds * 1_000);
  // All at once: one after the other takes a while.
  await Promise.all(subjects.flatMap(({ producer, worker }) => [producer.stop(), worker.stop()]));
  const findings: Findings = { byId, rates, latencies, recoveries };
  return {
    name: "brokers",
    title: "Every broker, its peers and bare clients",
    method: [
      `No-op tasks of 200 bytes from one producing process through one worker process with ${IN_FLIGHT} at once. Jobs of ${ITEMS.toLocaleString("en")} one after the other (for the peers \`addBulk\`, \`addJobs\`, \`insert\`); jobs of 1 with ${IN_FLIGHT} in flight; each for about ${plan.loadSeconds} s, until everything is settled.`,
      `Latency: from before the call that adds to the first line of the step, at ${PER_SECOND} jobs a second.`,
      `Recovery: the worker that holds a task is killed with SIGKILL while another stands by; until the task begins there, the longest of up to three times.`,
      ...(missing.length > 0 ? [`Left out: ${missing.join("; ")}.`] : []),
    ],
    columns: [
      { name: "many", title: "tasks/s, jobs of 1,000", digits: 0 },
      { name: "one", title: "tasks/s, jobs of 1", digits: 0 },
      { name: "p50", title: "p50 ms" },
      { name: "p95", title: "p95 ms" },
      { name: "p99", title: "p99 ms" },
      { name: "recovery", title: "recovery, s", beyond: `> ${plan.recoverySeconds}` },
    ],
    rows: subjects.map((subject) => ({
      subject: subject.name,
      figures: {
        ...pick(medians(rates.get(subject)!), ["many", "one"]),
        ...latencies.get(subject)!,
        recovery: recoveries.get(subject) ?? Number.NaN,
      },
      note: subject.note,
    })),
    targets: targets(findings),
    further: [times(findings), ...comparisons(findings)],
  };
}

interface Findings {
  byId: Map<string, Subject>;
  rates: Map<Subject, Rates[]>;
  latencies: Map<Subject, Latency>;
  recoveries: Map<Subject, number>;
}

async function throughput(session: Session, subjects: readonly Subject[], plan: typeof LONG) {
  const speeds = new Map<Subject, { [load in Load]: number }>();
  for (const subject of subjects) {
    // Warms it up, and tells how much it takes to keep it busy for a while.
    const many = await run(subject, { kind: "many", jobs: 1, items: ITEMS }, ITEMS);
    const one = await run(subject, { kind: "one", jobs: 300, inFlight: IN_FLIGHT }, 300);
    speeds.set(subject, { many: many.perSecond, one: one.perSecond });
  }
  return interleave(subjects, plan.rounds, async (subject, round) => {
    const speed = speeds.get(subject)!;
    const jobs = Math.max(1, Math.round((speed.many * plan.loadSeconds) / ITEMS));
    const many = await run(subject, { kind: "many", jobs, items: ITEMS }, jobs * ITEMS);
    const singles = Math.max(IN_FLIGHT, Math.round(speed.one * plan.loadSeconds));
    const one = await run(subject, { kind: "one", jobs: singles, inFlight: IN_FLIGHT }, singles);
    // What it reached warm is what the next round goes by.
    speeds.set(subject, { many: many.perSecond, one: one.perSecond });
    session.say(
      `round ${round + 1} ${subject.name}: ${Math.round(many.perSecond)} ${Math.round(one.perSecond)}`,
    );
    return {
      many: many.perSecond,
      one: one.perSecond,
      ...named("many", many.us),
      ...named("one", one.us),
    } as Rates;
  });
}

/** Tasks a second from the first call until all have been settled, and processor time in µs a task. */
async function run(subject: Subject, what: Order, tasks: number) {
  const before = partTimes(subject);
  const handled = subject.handled();
  const began = performance.now();
  await order(subject, what);
  await drained(subject, handled, tasks);
  const seconds = (performance.now() - began) / 1_000;
  const after = partTimes(subject);
  const us = Object.fromEntries(
    parts.map((part) => [part, (used(before[part], after[part]) / tasks) * 1_000]),
  ) as { [part in Part]: number };
  return { perSecond: tasks / seconds, us };
}

function named(load: Load, us: { [part in Part]: number }) {
  return Object.fromEntries(parts.map((part) => [`${load} ${part}`, us[part]]));
}

async function latency(session: Session, subjects: readonly Subject[], plan: typeof LONG) {
  const read = new Map<Subject, number>();
  const measure = async (subject: Subject, jobs: number): Promise<Latency> => {
    await order(subject, { kind: "steady", jobs, perSecond: PER_SECOND });
    const before = read.get(subject) ?? 0;
    let starts: number[] = [];
    for (let tries = 0; starts.length < before + jobs && tries < 200; tries++) {
      await sleep(50);
      starts = readStarts(subject.startLog);
    }
    read.set(subject, starts.length);
    const fresh = starts.slice(before);
    if (fresh.length < jobs) throw new Error(`${subject.name}: ${jobs - fresh.length} jobs never started`);
    const p = (part: number) => percentile(fresh, part);
    return { p50: p(0.5), p95: p(0.95), p99: p(0.99) };
  };
  for (const subject of subjects) await measure(subject, PER_SECOND / 5);
  const rounds = await interleave(subjects, plan.latencyRounds, async (subject) => {
    const found = await measure(subject, PER_SECOND * plan.latencySeconds);
    session.say(`${subject.name}: p50 ${found.p50.toFixed(1)} p99 ${found.p99.toFixed(1)} ms`);
    return { ...found };
  });
  return new Map(subjects.map((subject) => [subject, medians(rounds.get(subject)!)]));
}

const OWN = ["embedded", "postgres", "redis", "rabbitmq", "kafka", "sqs"].map((name) => `millrace-${name}`);
/** Those that a broker of ours must beat; the Redis that is as durable as our records. */
const RIVALS = ["bullmq-disk", "graphile-worker", "pg-boss"];
const REFERENCES = [...RIVALS, "bullmq-memory", "bullmq-postgres"];
const LOOPS = { "millrace-rabbitmq": "rabbitmq-records", "millrace-kafka": "kafka-records" };
const PROMPT = ["embedded", "postgres", "redis", "rabbitmq"].map((name) => `millrace-${name}`);
/** Where the end of a process can be seen. */
const WATCHED = ["millrace-embedded", "millrace-postgres"];
const TITLES = { many: "jobs of 1,000", one: "jobs of 1" };

function targets({ byId, rates, latencies, recoveries }: Findings): Target[] {
  const found: Target[] = [];
  const own = OWN.flatMap((id) => (byId.has(id) ? [{ id, subject: byId.get(id)! }] : []));
  const against = (subject: Subject, other: string, load: Load) =>
    ratio(rates.get(subject)!, rates.get(byId.get(other)!)!, load);
  for (const load of ["many", "one"] as const) {
    for (const { subject } of own) {
      const ratios = RIVALS.filter((id) => byId.has(id)).map((id) => ({
        id,
        value: against(subject, id, load),
      }));
      const least = ratios.sort((a, b) => a.value - b.value)[0];
      if (!least) continue;
      const what = `${subject.name}, ${TITLES[load]}, against the fastest peer (${byId.get(least.id)!.name})`;
      found.push(target(what, least.value, { atLeast: load === "many" ? 1 : 0.95 }));
    }
  }
  for (const { id, subject } of own) {
    const loop = LOOPS[id as keyof typeof LOOPS];
    if (!loop || !byId.has(loop)) continue;
    for (const load of ["many", "one"] as const) {
      const what = `${subject.name}, ${TITLES[load]}, against the loop with the same store writes`;
      found.push(target(what, against(subject, loop, load), { atLeast: 0.7 }));
    }
  }
  for (const { id, subject } of own) {
    if (!PROMPT.includes(id)) continue;
    const { p50, p99 } = latencies.get(subject)!;
    found.push(target(`${subject.name}, p50`, p50, { atMost: 5 }, "ms"));
    found.push(target(`${subject.name}, p99`, p99, { atMost: 25 }, "ms"));
  }
  for (const { id, subject } of own) {
    const seconds = recoveries.get(subject)!;
    found.push(target(`${subject.name}, recovery`, seconds, { atMost: WATCHED.includes(id) ? 2 : 15 }, "s"));
  }
  return found;
}

/** Where the time goes. */
function times({ byId, rates }: Findings) {
  const columns: Column[] = (["many", "one"] as const).flatMap((load) =>
    parts.map((part) => ({ name: `${load} ${part}`, title: `${part}, ${TITLES[load]}`, digits: 0 })),
  );
  const rows: Row[] = [...byId.values()].map((subject) => {
    const figures = medians(rates.get(subject)!);
    return { subject: subject.name, figures };
  });
  const title =
    "Processor time in µs a task. The database is what serves this subject's connections, for the embedded records the writer; of RabbitMQ, Kafka and SQS everything that their process did meanwhile";
  return { title, columns, rows };
}

/** How many times as fast as each reference. */
function comparisons({ byId, rates }: Findings) {
  const references = [...REFERENCES, ...Object.values(LOOPS)].filter((id) => byId.has(id));
  return (["many", "one"] as const).map((load) => ({
    title: `Millrace is × as fast, ${TITLES[load]}`,
    columns: references.map((id) => ({ name: id, title: byId.get(id)!.name })),
    rows: OWN.filter((id) => byId.has(id)).map((id) => {
      const subject = byId.get(id)!;
      const figures = Object.fromEntries(
        references.map((other) => [other, ratio(rates.get(subject)!, rates.get(byId.get(other)!)!, load)]),
      );
      return { subject: subject.name, figures };
    }),
  }));
}

function pick<Name extends string>(figures: { [name in Name]: number }, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, figures[name]]));
}
