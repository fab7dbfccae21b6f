import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { install, produce, startWorker } from "../brokers/millrace.ts";
import { clock, readStarts } from "../clock-log.ts";
import { peerNamed } from "../peers/index.ts";
import type { JobData } from "../peers/peer.ts";
import { program } from "../processes.ts";
import { type Report, target } from "../report.ts";
import { postgres } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, percentile, ratio } from "../statistics.ts";

const CLIENTS = 10;
const PER_SECOND = 20;
const TEXT = "x".repeat(200);

/** Something that creates a job within the caller's transaction. */
interface Subject {
  name: string;
  note: string;
  url: string;
  /** Runs inside the transaction that the client has begun. */
  submit(client: pg.Client, job: JobData): Promise<unknown>;
  unfinished(): Promise<number>;
  /** The file in which its jobs record their start; `null` if it runs no jobs. */
  log: string | null;
}

/** A transaction on PostgreSQL that inserts a row and submits a job. */
export async function submit(session: Session): Promise<Report> {
  const count = session.quick ? 1_000 : 10_000;
  const subjects = [
    await millrace(session),
    await peer(session, "pg-boss", "`send` with the transaction's connection"),
    await peer(session, "graphile-worker", "`add_job`"),
    await nothing(session),
  ];
  const clients = new Map<Subject, pg.Client[]>();
  for (const subject of subjects) clients.set(subject, await connect(session, subject.url));
  for (const subject of subjects) await starts(subject, clients.get(subject)!, PER_SECOND);
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    const own = clients.get(subject)!;
    const committed = await rate(subject, own, count);
    const waits = await starts(subject, own, PER_SECOND * (session.quick ? 3 : 10));
    const figures = { ...committed, p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
    session.say(`round ${round + 1} ${subject.name}: ${Object.values(figures).map(Math.round).join(" ")}`);
    return figures;
  });
  const [mine, ...others] = subjects.map((subject) => results.get(subject)!);
  const alone = results.get(subjects.at(-1)!)!;
  const rows = subjects.map((subject) => {
    const rounds = results.get(subject)!;
    const figures = { ...medians(rounds), share: ratio(rounds, alone, "rate") };
    return { subject: subject.name, figures, note: subject.note };
  });
  return {
    name: "submit",
    title: "Jobs submitted in a transaction",
    method: [
      `A transaction inserts a row into a table of its own and submits a job of 200 bytes. ${count} of them over ${CLIENTS} connections; one worker process runs the no-op jobs meanwhile, and has run them all when the second clock stops.`,
      `From the commit to the start: ${PER_SECOND} transactions a second over one connection, from just before the commit is sent to the first line of the step.`,
      "PostgreSQL, each commit on disk.",
    ],
    columns: [
      { name: "rate", title: "transactions/s", digits: 0 },
      { name: "share", title: "of those without a job" },
      { name: "run", title: "jobs run/s", digits: 0 },
      { name: "p50", title: "start p50 ms" },
      { name: "p99", title: "start p99 ms" },
    ],
    rows,
    targets: [
      target("from the commit to the start, p50", medians(mine!).p50, { atMost: 50 }, "ms"),
      ...others.slice(0, -1).flatMap((rounds, n) => [
        target(`transactions against ${subjects[n + 1]!.name}`, ratio(mine!, rounds, "rate"), {
          atLeast: 1,
        }),
        target(`jobs run against ${subjects[n + 1]!.name}`, ratio(mine!, rounds, "run"), { atLeast: 1 }),
      ]),
    ],
  };
}

async function rate(subject: Subject, clients: readonly pg.Client[], count: number) {
  let left = count;
  const began = performance.now();
  const line = async (client: pg.Client) => {
    while (left-- > 0) await transact(client, (own) => subject.submit(own, { text: TEXT }));
  };
  await Promise.all(clients.map(line));
  const committed = performance.now() - began;
  while ((await subject.unfinished()) > 0) await sleep(5);
  const run = subject.log === null ? Number.NaN : (count / (performance.now() - began)) * 1_000;
  return { rate: (count / committed) * 1_000, run };
}

/** How long after their commits the jobs start, in ms. */
async function starts(subject: Subject, [client]: readonly pg.Client[], count: number): Promise<number[]> {
  if (subject.log === null) return [];
  const before = readStarts(subject.log).length;
  const began = performance.now();
  for (let n = 0; n < count; n++) {
    const wait = began + (n * 1_000) / PER_SECOND - performance.now();
    if (wait > 0) await sleep(wait);
    await transact(client!, (own) => subject.submit(own, { text: TEXT, askedAt: clock() }));
  }
  let found: number[] = [];
  for (let tries = 0; found.length < count && tries < 200; tries++) {
    await sleep(50);
    found = readStarts(subject.log).slice(before);
  }
  if (found.length < count) throw new Error(`${subject.name}: ${count - found.length} jobs never started`);
  return found;
}

async function transact(client: pg.Client, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  await client.query("BEGIN");
  await client.query("INSERT INTO orders (total) VALUES ($1)", [99]);
  await work(client);
  await client.query("COMMIT");
}

async function connect(session: Session, url: string): Promise<pg.Client[]> {
  return Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = new pg.Client({ connectionString: url });
      client.on("error", () => {});
      await client.connect();
      session.onEnd(() => client.end());
      return client;
    }),
  );
}

function emptyLog(session: Session, name: string): string {
  const log = join(session.folder, `starts-${name}.log`);
  writeFileSync(log, "");
  return log;
}

/** Creates a database for one subject, with the table of its user. */
async function database(session: Session): Promise<string> {
  const url = await postgres(session);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("CREATE TABLE orders (id bigserial PRIMARY KEY, total integer NOT NULL)");
  await client.end();
  return url;
}

async function millrace(session: Session): Promise<Subject> {
  const url = await database(session);
  const log = emptyLog(session, "millrace");
  const installation = await install(session, { store: url });
  await startWorker(session, installation, { BENCH_START_LOG: log }, {});
  const producer = await produce(JSON.stringify(installation));
  session.onEnd(() => producer.close());
  const [watcher] = await connect(session, url);
  return {
    name: "Millrace",
    note: "`millrace.submit`",
    url,
    log,
    submit(client, { text, askedAt }) {
      const [pipeline, options] =
        askedAt === undefined ? ["bench.noop", { text }] : ["bench.start", { text, askedAt }];
      return client.query("SELECT millrace.submit($1, $2)", [pipeline, { options }]);
    },
    async unfinished() {
      const { rows } = await watcher!.query("SELECT count(*)::integer AS n FROM millrace.inbox");
      return rows[0].n + (await producer.unfinished());
    },
  };
}

async function peer(session: Session, name: string, note: string): Promise<Subject> {
  const url = await database(session);
  const log = emptyLog(session, name);
  const { name: title, produce: open } = await peerNamed(name);
  const producer = await open(url);
  session.onEnd(() => producer.close());
  await program(session, "peer-worker.ts", [name, url], { env: { BENCH_START_LOG: log } });
  return {
    name: title,
    note,
    url,
    log,
    submit: (client, job) => producer.addWithin!(client, job),
    unfinished: () => producer.unfinished(),
  };
}

/** The baseline: the transaction without a job. */
async function nothing(session: Session): Promise<Subject> {
  const url = await database(session);
  return {
    name: "no job",
    note: "the insert alone",
    url,
    log: null,
    submit: async () => {},
    unfinished: async () => 0,
  };
}
