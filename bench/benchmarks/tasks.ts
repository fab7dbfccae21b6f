import { setTimeout as sleep } from "node:timers/promises";
import { embedded } from "../embedded.ts";
import { peerNamed } from "../peers/index.ts";
import { program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, ratio } from "../statistics.ts";

const ITEMS = 1_000;
const IN_FLIGHT = 100;
const TEXT = "x".repeat(200);

/** Something that runs jobs of one task and of a thousand. */
interface Subject {
  name: string;
  note: string;
  many(): Promise<unknown>;
  one(): Promise<unknown>;
  /** Resolves when everything has ended. */
  drained(): Promise<void>;
}

/** No-op tasks end to end: created, run by one worker process, and settled. */
export async function tasks(session: Session): Promise<Report> {
  const bulk = session.quick ? 5 : 20;
  const singles = session.quick ? 2_000 : 10_000;
  const subjects = [
    await millrace(session),
    await peer(session, "bullmq", await redis(session, true), "Redis, each write on disk"),
    await peer(session, "bullmq", await redis(session, false), "Redis, nothing on disk"),
    await peer(session, "graphile-worker", await postgres(session), "PostgreSQL, each commit on disk"),
    await peer(session, "pg-boss", await postgres(session), "PostgreSQL, each commit on disk"),
  ];
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    const figures = { many: 0, one: 0 };
    figures.many = await rate(bulk * ITEMS, subject, async () => {
      for (let n = 0; n < bulk; n++) await subject.many();
    });
    figures.one = await rate(singles, subject, async () => {
      let left = singles;
      const producer = async () => {
        while (left-- > 0) await subject.one();
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, producer));
    });
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(figures.many)} ${Math.round(figures.one)}`);
    return figures;
  });
  const [own, ...others] = subjects.map((subject) => results.get(subject)!);
  const rows = subjects.map((subject) => {
    const rounds = results.get(subject)!;
    const { many, one } = medians(rounds);
    const figures = {
      many,
      one,
      manyRatio: ratio(own!, rounds, "many"),
      oneRatio: ratio(own!, rounds, "one"),
    };
    return { subject: subject.name, figures, note: subject.note };
  });
  return {
    name: "tasks",
    title: "No-op tasks end to end",
    method: [
      `One producer and one worker process with 100 tasks at once; 200 bytes a job.`,
      `Jobs of 1,000: ${bulk} of them, one after the other (for the peers \`addBulk\`, \`addJobs\`, \`insert\`).`,
      `Jobs of 1: ${singles} with ${IN_FLIGHT} in flight.`,
      `The clock stops when every task has been settled. Millrace also keeps the records of the job, its items and its events; the peers keep none when a job is done, pg-boss but its row.`,
    ],
    columns: [
      { name: "many", title: "tasks/s, jobs of 1,000", digits: 0 },
      { name: "one", title: "tasks/s, jobs of 1", digits: 0 },
      { name: "manyRatio", title: "Millrace is × faster (1,000)" },
      { name: "oneRatio", title: "× faster (1)" },
    ],
    rows,
    targets: others.flatMap((rounds, n) => {
      const { name, note } = subjects[n + 1]!;
      return [
        target(`jobs of 1,000 against ${name} (${note})`, ratio(own!, rounds, "many"), { atLeast: 1 }),
        target(`jobs of 1 against ${name} (${note})`, ratio(own!, rounds, "one"), { atLeast: 0.95 }),
      ];
    }),
  };
}

/** Tasks per second from the first call until all have settled. */
async function rate(count: number, subject: Subject, make: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await make();
  await subject.drained();
  return (count / (performance.now() - began)) * 1_000;
}

async function millrace(session: Session): Promise<Subject> {
  const { engine, file, unfinished } = await embedded(session, 1);
  const create = (items: number) =>
    engine.createJob({
      owner: "local",
      pipeline: "bench.noop",
      options: { text: TEXT },
      files: Array.from({ length: items }, () => file),
    });
  return {
    name: "Millrace",
    note: "SQLite, each commit on disk",
    many: () => create(ITEMS),
    one: () => create(0),
    drained: () => untilZero(() => unfinished("bench.noop/run")),
  };
}

async function peer(session: Session, name: string, url: string, note: string): Promise<Subject> {
  const { name: title, produce } = await peerNamed(name);
  const producer = await produce(url);
  session.onEnd(() => producer.close());
  const worker = await program(session, "peer-worker.ts", [name, url]);
  let added = 0;
  let handled = 0;
  worker.onMessage((message) => {
    if (typeof message.handled === "number") handled = message.handled;
  });
  const job = { text: TEXT };
  return {
    name: title,
    note,
    many() {
      added += ITEMS;
      return producer.addMany(Array.from({ length: ITEMS }, () => job));
    },
    one() {
      added++;
      return producer.add(job);
    },
    async drained() {
      // Queries cost the service something, so ask it only at the end.
      while (handled < added) await sleep(2);
      await untilZero(() => producer.unfinished());
    },
  };
}

async function untilZero(count: () => Promise<number>): Promise<void> {
  while ((await count()) > 0) await sleep(5);
}
