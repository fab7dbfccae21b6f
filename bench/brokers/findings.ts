import { type Column, type Row, type Target, target } from "../report.ts";
import { medians, ratio } from "../statistics.ts";
import { type Part, parts, type Subject } from "./subject.ts";

export type Load = "many" | "one";
export type Rates = { [name in Load | `${Load} ${Part}`]: number };

export interface Latency {
  p50: number;
  p95: number;
  p99: number;
}

export interface Findings {
  byId: Map<string, Subject>;
  rates: Map<Subject, Rates[]>;
  latencies: Map<Subject, Latency>;
  recoveries: Map<Subject, number>;
}

const OWN = ["embedded", "postgres", "redis", "rabbitmq", "kafka", "sqs"].map((name) => `millrace-${name}`);
/** What our brokers must beat; for Redis, the setup as durable as our records. */
const RIVALS = ["bullmq-disk", "graphile-worker", "pg-boss"];
const REFERENCES = [...RIVALS, "bullmq-memory", "bullmq-postgres"];
const LOOPS = { "millrace-rabbitmq": "rabbitmq-records", "millrace-kafka": "kafka-records" };
const PROMPT = ["embedded", "postgres", "redis", "rabbitmq"].map((name) => `millrace-${name}`);
/** Brokers that notice at once when a process dies. */
const WATCHED = ["millrace-embedded", "millrace-postgres"];
const TITLES = { many: "jobs of 1,000", one: "jobs of 1" };

export function targets({ byId, rates, latencies, recoveries }: Findings): Target[] {
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
    const seconds = recoveries.get(subject) ?? Number.NaN;
    found.push(target(`${subject.name}, recovery`, seconds, { atMost: WATCHED.includes(id) ? 2 : 15 }, "s"));
  }
  return found;
}

/** Where the time goes. */
export function times({ byId, rates }: Findings) {
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

/** Speed as a multiple of each reference. */
export function comparisons({ byId, rates }: Findings) {
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
