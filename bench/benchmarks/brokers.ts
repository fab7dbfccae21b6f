import { setTimeout as sleep } from "node:timers/promises";
import {
  comparisons,
  type Findings,
  type Latency,
  type Load,
  type Rates,
  targets,
  times,
} from "../brokers/findings.ts";
import { recovery } from "../brokers/recovery.ts";
import { drained, order, type Part, parts, partTimes, type Subject } from "../brokers/subject.ts";
import { lineup } from "../brokers/subjects.ts";
import { readStarts } from "../clock-log.ts";
import { used } from "../processor-time.ts";
import type { Order } from "../programs/producer.ts";
import type { Report } from "../report.ts";
import type { Session } from "../session.ts";
import { interleave, medians, percentile } from "../statistics.ts";

const ITEMS = 1_000;
const IN_FLIGHT = 100;
const PER_SECOND = 50;

/** Durations in seconds, and numbers of rounds. */
const LONG = { loadSeconds: 2, rounds: 3, latencySeconds: 4, latencyRounds: 2, recoverySeconds: 75 };
const QUICK = { loadSeconds: 0.5, rounds: 1, latencySeconds: 0.6, latencyRounds: 1, recoverySeconds: 12 };

/** Each of Millrace's brokers, its peers, and loops over bare clients. */
export async function brokers(session: Session): Promise<Report> {
  const plan = session.quick ? QUICK : LONG;
  const { subjects: byId, missing } = await lineup(session);
  const subjects = [...byId.values()];
  const failures: Failures = new Map();
  const rates = await throughput(session, subjects, plan, failures);
  const latencies = await latency(session, subjects, plan, failures);
  const whole = subjects.filter((subject) => !failures.has(subject));
  const recoveries = await recovery(session, whole, plan.recoverySeconds * 1_000);
  // All at once, because stopping them one by one takes a while.
  await Promise.all(subjects.flatMap(({ producer, worker }) => [producer.stop(), worker.stop()]));
  const findings: Findings = { byId, rates, latencies, recoveries };
  return {
    name: "brokers",
    title: "Every broker, its peers and bare clients",
    method: [
      `No-op tasks of 200 bytes from one producing process through one worker process with ${IN_FLIGHT} at once. Jobs of ${ITEMS.toLocaleString("en")} one after the other (for the peers \`addBulk\`, \`addJobs\`, \`insert\`); jobs of 1 with ${IN_FLIGHT} in flight; each for about ${plan.loadSeconds} s, until everything is settled.`,
      `Latency: from before the call that adds to the first line of the step, at ${PER_SECOND} jobs a second.`,
      `Recovery: the worker that holds a task is killed with SIGKILL while another stands by; until the task begins there, the longest of up to three times.`,
      `BullMQ is shown on a Redis that writes each command to the disk before it answers, as durable as Millrace's records, and on one that writes nothing; the targets are about the former.`,
      ...(missing.length > 0 ? [`Left out: ${missing.join("; ")}.`] : []),
      ...[...failures].map(([{ name }, why]) => `**${name} failed: ${why}.**`),
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

/** Why a subject was dropped; the others continue. */
type Failures = Map<Subject, string>;

async function unlessFailed<T>(subject: Subject, failures: Failures, otherwise: T, work: () => Promise<T>) {
  if (failures.has(subject)) return otherwise;
  try {
    return await work();
  } catch (error) {
    failures.set(subject, (error as Error).message.split("\n")[0]!);
    // Its remaining work would disturb the others.
    await Promise.all([subject.producer.stop(), subject.worker.stop()]);
    return otherwise;
  }
}

const NO_RATES = Object.fromEntries(
  (["many", "one"] as const)
    .flatMap((load) => [load, ...parts.map((part) => `${load} ${part}`)])
    .map((name) => [name, Number.NaN]),
) as Rates;
const NO_LATENCY: Latency = { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN };

async function throughput(
  session: Session,
  subjects: readonly Subject[],
  plan: typeof LONG,
  failures: Failures,
) {
  const speeds = new Map<Subject, { [load in Load]: number }>();
  const warmUp = async (subject: Subject) => {
    // Warms it up, and measures how many tasks keep it busy for a while.
    const many = await run(subject, { kind: "many", jobs: 1, items: ITEMS }, ITEMS);
    const one = await run(subject, { kind: "one", jobs: 300, inFlight: IN_FLIGHT }, 300);
    speeds.set(subject, { many: many.perSecond, one: one.perSecond });
  };
  for (const subject of subjects) await unlessFailed(subject, failures, undefined, () => warmUp(subject));
  const measure = async (subject: Subject, round: number): Promise<Rates> => {
    const speed = speeds.get(subject)!;
    const jobs = Math.max(1, Math.round((speed.many * plan.loadSeconds) / ITEMS));
    const many = await run(subject, { kind: "many", jobs, items: ITEMS }, jobs * ITEMS);
    const singles = Math.max(IN_FLIGHT, Math.round(speed.one * plan.loadSeconds));
    const one = await run(subject, { kind: "one", jobs: singles, inFlight: IN_FLIGHT }, singles);
    // The next round is sized by the warm rate.
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
  };
  return interleave(subjects, plan.rounds, (subject, round) =>
    unlessFailed(subject, failures, NO_RATES, () => measure(subject, round)),
  );
}

/** Tasks per second from the first call until all have settled, and CPU time in µs per task. */
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

async function latency(
  session: Session,
  subjects: readonly Subject[],
  plan: typeof LONG,
  failures: Failures,
) {
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
  const careful = (subject: Subject, jobs: number) =>
    unlessFailed(subject, failures, NO_LATENCY, () => measure(subject, jobs));
  for (const subject of subjects) await careful(subject, PER_SECOND / 5);
  const rounds = await interleave(subjects, plan.latencyRounds, async (subject) => {
    const found = await careful(subject, PER_SECOND * plan.latencySeconds);
    session.say(`${subject.name}: p50 ${found.p50.toFixed(1)} p99 ${found.p99.toFixed(1)} ms`);
    return { ...found };
  });
  return new Map(subjects.map((subject) => [subject, medians(rounds.get(subject)!)]));
}

function pick<Name extends string>(figures: { [name in Name]: number }, names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, figures[name]]));
}
