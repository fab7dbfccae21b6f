import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../src/engine/engine.ts";
import { embedded } from "../embedded.ts";
import { peerNamed } from "../peers/index.ts";
import { program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, ratio } from "../statistics.ts";

const PARTS = 1_000;
const TEXT = "x".repeat(200);
/** Maximum cost of a part relative to an item. */
const MOST = 1.3;

/** Something that runs jobs of a thousand tasks. */
interface Subject {
  name: string;
  note: string;
  add(): Promise<unknown>;
  /** Resolves when everything added has ended. */
  drained(): Promise<void>;
}

/** Compares a job of one item with 1,000 parts to a job of 1,000 items, and to the peers' jobs of 1,000 children. */
export async function parts(session: Session): Promise<Report> {
  const jobs = session.quick ? 5 : 20;
  const { engine, file } = await embedded(session, 1);
  const own = (name: string, request: { pipeline: string; options: object }, items: number) => {
    const files = Array.from({ length: items }, () => file);
    const open = new Set<string>();
    return {
      name,
      note: "SQLite, each commit on disk",
      async add() {
        const { job } = await engine.createJob({ owner: "local", ...request, files });
        open.add(job.id);
      },
      async drained() {
        for (const id of open) await untilSucceeded(engine, id);
        open.clear();
      },
    };
  };
  const whole = { pipeline: "bench.noop", options: { text: TEXT } };
  const split = { pipeline: "bench.parts", options: { parts: PARTS, text: TEXT } };
  const subjects: Subject[] = [
    own("Millrace, parts of one item", split, 0),
    own("Millrace, items of one job", whole, PARTS),
    await flow(session, "bullmq", await redis(session, true), "Redis, each write on disk"),
    await flow(session, "pg-boss", await postgres(session), "PostgreSQL, each commit on disk"),
  ];
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    const began = performance.now();
    for (let n = 0; n < jobs; n++) await subject.add();
    await subject.drained();
    const rate = ((jobs * PARTS) / (performance.now() - began)) * 1_000;
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(rate)}`);
    return { rate, us: 1e6 / rate };
  });
  const [mine, ofItems, ...others] = subjects.map((subject) => results.get(subject)!);
  const rows = subjects.map((subject) => {
    const rounds = results.get(subject)!;
    const figures = { ...medians(rounds), times: ratio(mine!, rounds, "rate") };
    return { subject: subject.name, figures, note: subject.note };
  });
  return {
    name: "parts",
    title: "Parts of an item",
    method: [
      `${jobs} jobs, handed in one after the other: one item split into ${PARTS} parts that are joined, or ${PARTS} items; no-op steps, one worker process with 100 tasks at once, 200 bytes a job.`,
      "The peers: a parent with 1,000 children that runs when all of them have ended (BullMQ's flows, pg-boss's `flow`).",
      "The clock stops when every job, or parent, has ended.",
    ],
    columns: [
      { name: "rate", title: "parts, items or children/s", digits: 0 },
      { name: "us", title: "µs each", digits: 0 },
      { name: "times", title: "parts of Millrace are × faster" },
    ],
    rows,
    targets: [
      target("a part costs of an item", ratio(ofItems!, mine!, "rate"), { atMost: MOST }),
      ...others.map((rounds, n) => {
        const { name, note } = subjects[n + 2]!;
        return target(`parts against ${name} (${note})`, ratio(mine!, rounds, "rate"), { atLeast: 1 });
      }),
    ],
  };
}

async function flow(session: Session, name: string, url: string, note: string): Promise<Subject> {
  const { name: title, produce } = await peerNamed(name);
  const producer = await produce(url);
  session.onEnd(() => producer.close());
  const worker = await program(session, "peer-worker.ts", [name, url]);
  let handled = 0;
  let added = 0;
  worker.onMessage((message) => {
    if (typeof message.handled === "number") handled = message.handled;
  });
  const children = Array.from({ length: PARTS }, () => ({ text: TEXT }));
  return {
    name: `${title}, children of one job`,
    note,
    async add() {
      added += PARTS + 1;
      await producer.addFlow!(children);
    },
    async drained() {
      // Queries cost the service something, so ask it only at the end.
      while (handled < added) await sleep(2);
      while ((await producer.unfinished()) > 0) await sleep(2);
    },
  };
}

async function untilSucceeded({ store }: Engine, id: string): Promise<void> {
  for (;;) {
    const job = await store.job({ owner: "local", id });
    if (job?.state === "succeeded") return;
    if (job?.finishedAt != null) throw new Error(`The job has ${job.state}.`);
    await sleep(2);
  }
}
