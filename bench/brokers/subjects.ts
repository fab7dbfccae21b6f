import { join } from "node:path";
import pg from "pg";
import { kafka } from "../../scripts/services/kafka.ts";
import { rabbitmq } from "../../scripts/services/rabbitmq.ts";
import type { Service } from "../../scripts/services/service.ts";
import { sqs } from "../../scripts/services/sqs.ts";
import { cleaners } from "../../test/crash/cleaning.ts";
import { postgresInstalled, startPostgres } from "../../test/services/postgres.ts";
import { deleteQueues } from "../../test/services/rabbitmq.ts";
import { serviceUrls } from "../../test/services.ts";
import { type Program, program } from "../processes.ts";
import { backendsOf, listenerOn } from "../processor-time.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { install, queues, startWorker } from "./millrace.ts";
import type { Subject } from "./subject.ts";

export interface Lineup {
  subjects: Map<string, Subject>;
  /** Services and subjects that could not be used, with the reason. */
  missing: string[];
}

/** Where a subject stores its data, and whose CPU time counts. */
interface Target {
  store?: string;
  broker?: string;
}

interface Plan {
  id: string;
  name: string;
  note: string;
  /** The services it needs. */
  needs: ("postgres" | "redis" | "rabbitmq" | "kafka" | "sqs")[];
  recovers: boolean;
  open(): Promise<Target>;
}

const DISK = "PostgreSQL, each commit on disk";

/** Maximum number of processes starting at the same time. */
const AT_ONCE = 3;

/** Starts a producer and a worker for each subject whose services respond. */
export async function lineup(session: Session): Promise<Lineup> {
  const prefix = `bench-${process.pid}-${Date.now().toString(36)}`;
  const urls = serviceUrls(prefix);
  const missing = await missingServices(session, urls);
  if (!missing.has("rabbitmq")) session.onEnd(() => cleanRabbit(urls.rabbitmq));
  if (!missing.has("kafka")) session.onEnd(() => cleaners.kafka(urls.kafka));
  if (!missing.has("sqs")) session.onEnd(() => cleaners.sqs(urls.sqs));
  const wanted = plans(session, urls)
    .filter(isChosen)
    .filter((plan) => plan.needs.every((name) => !missing.has(name)));
  const subjects = new Map<string, Subject>();
  const failed: string[] = [];
  const waiting = [...wanted];
  const opener = async () => {
    for (let plan = waiting.shift(); plan; plan = waiting.shift()) {
      session.say(`starting ${plan.name}`);
      try {
        subjects.set(plan.id, await start(session, plan));
      } catch (error) {
        failed.push(`${plan.name} (${(error as Error).message.split("\n")[0]})`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
  return {
    subjects: new Map(wanted.flatMap(({ id }) => (subjects.has(id) ? [[id, subjects.get(id)!]] : []))),
    missing: [...[...missing].map(([name, why]) => `${name} (${why})`), ...failed],
  };
}

function plans(session: Session, urls: ReturnType<typeof serviceUrls>): Plan[] {
  const store = () => postgres(session);
  const own = (id: string, title: string, note: string, broker: () => Promise<string> | string): Plan => ({
    id: `millrace-${id}`,
    name: `Millrace on ${title}`,
    note: `records in ${DISK}${note}`,
    needs: id === "postgres" ? ["postgres"] : ["postgres", id as "redis"],
    recovers: true,
    open: async () => ({ store: await store(), broker: await broker() }),
  });
  const simple = (
    id: string,
    name: string,
    note: string,
    needs: Plan["needs"],
    open: Plan["open"],
    recovers = true,
  ): Plan => ({ id, name, note, needs, open, recovers });
  const onRedis = (durable: boolean) => async () => ({ broker: await redis(session, durable) });
  const onPostgres = async () => ({ store: await store() });
  const queue = (name: string) => replaced(urls.rabbitmq, "queue", `${prefixOf(urls.rabbitmq)}:${name}`);
  const topic = (name: string) => replaced(urls.kafka, "topic", `${prefixOf(urls.kafka)}.${name}`);
  return [
    {
      id: "millrace-embedded",
      name: "Millrace embedded",
      note: "SQLite, each commit on disk; all records and events",
      needs: [],
      recovers: true,
      open: async () => ({}),
    },
    { ...own("postgres", "PostgreSQL", "", () => ""), open: onPostgres },
    own("redis", "Redis", "; Redis, each write on disk", () => redis(session, true)),
    own("rabbitmq", "RabbitMQ", "; quorum queue with confirms", () => urls.rabbitmq),
    own("kafka", "Kafka", "; one node, in its page cache", () => urls.kafka),
    own("sqs", "SQS", "; ElasticMQ in the place of SQS", () => urls.sqs),
    simple(
      "bullmq-disk",
      "BullMQ, Redis with each write on disk",
      "keeps nothing of a finished job",
      ["redis"],
      onRedis(true),
    ),
    simple(
      "bullmq-memory",
      "BullMQ, Redis with nothing on disk",
      "keeps nothing of a finished job",
      ["redis"],
      onRedis(false),
    ),
    simple(
      "bullmq-postgres",
      "BullMQ, PostgreSQL",
      `${DISK}; keeps nothing of a finished job`,
      ["postgres"],
      onPostgres,
    ),
    simple(
      "graphile-worker",
      "graphile-worker",
      `${DISK}; keeps nothing of a finished job`,
      ["postgres"],
      onPostgres,
    ),
    simple("pg-boss", "pg-boss", `${DISK}; keeps the job's row`, ["postgres"], onPostgres),
    simple(
      "redis-streams",
      "bare Redis Streams",
      "Redis, each write on disk; the entry stays in the stream",
      ["redis"],
      onRedis(true),
      false,
    ),
    simple(
      "skip-locked",
      "bare `SKIP LOCKED`",
      `${DISK}; keeps nothing of a finished job`,
      ["postgres"],
      onPostgres,
    ),
    simple(
      "rabbitmq",
      "bare amqplib",
      "quorum queue with confirms; keeps nothing",
      ["rabbitmq"],
      async () => ({ broker: queue("bare") }),
    ),
    simple(
      "kafka",
      "bare Kafka client",
      "one node, in its page cache; the record stays in the log",
      ["kafka"],
      async () => ({ broker: topic("bare") }),
    ),
    simple(
      "rabbitmq-records",
      "bare amqplib with the same store writes",
      `quorum queue with confirms; records in ${DISK}`,
      ["rabbitmq", "postgres"],
      async () => ({ broker: queue("records"), store: await store() }),
      false,
    ),
    simple(
      "kafka-records",
      "bare Kafka client with the same store writes",
      `one node, in its page cache; records in ${DISK}`,
      ["kafka", "postgres"],
      async () => ({ broker: topic("records"), store: await store() }),
      false,
    ),
  ];
}

async function start(session: Session, plan: Plan): Promise<Subject> {
  const target = await plan.open();
  const startLog = join(session.folder, `${plan.id}.starts`);
  const holdLog = join(session.folder, `${plan.id}.holds`);
  const env = { BENCH_START_LOG: startLog, BENCH_HOLD_LOG: holdLog };
  const profiled = profiling(plan.id);
  const isOwn = plan.id.startsWith("millrace-");
  let producer: Program;
  let startOne: () => Promise<Program>;
  if (isOwn) {
    const installation = await install(session, target);
    producer = await program(session, "producer.ts", ["millrace", JSON.stringify(installation)], profiled);
    startOne = () => startWorker(session, installation, env, profiled);
  } else {
    const name = plan.id.replace(/^bullmq-(disk|memory)$/, "bullmq");
    const url = target.store && target.broker ? JSON.stringify(target) : (target.store ?? target.broker!);
    producer = await program(session, "producer.ts", [name, url], profiled);
    startOne = () => program(session, "peer-worker.ts", [name, url], { env, ...profiled });
  }
  const worker = await startOne();
  let handled = 0;
  worker.onMessage((message) => {
    if (typeof message.handled === "number") handled = message.handled;
  });
  const { store, broker } = target;
  const brokers = broker ? listenerOn(Number(new URL(broker).port || 5_672)) : [];
  const database = store ? new URL(store).pathname.slice(1) : null;
  return {
    name: plan.name,
    note: plan.note,
    producer,
    worker,
    startLog,
    holdLog,
    // A killed process leaves no profile.
    recovers: plan.recovers && !process.env.BENCH_PROFILES,
    handled: () => (isOwn ? null : handled),
    startWorker: startOne,
    // This process keeps the embedded records.
    database: () => (database !== null ? backendsOf(database) : isOwn ? [process.pid] : []),
    broker: () => brokers,
  };
}

/** With `BENCH_PROFILES=FOLDER`, all processes write CPU profiles there, in one folder per subject. */
function profiling(id: string): { execArgv?: string[] } {
  const folder = process.env.BENCH_PROFILES;
  return folder ? { execArgv: ["--cpu-prof", "--cpu-prof-dir", join(folder, id)] } : {};
}

/** `BENCH_SUBJECTS=ID,…` limits the run to these subjects, for debugging. */
function isChosen({ id }: Plan): boolean {
  const chosen = process.env.BENCH_SUBJECTS;
  return !chosen || chosen.split(",").includes(id);
}

type Missing = Map<Plan["needs"][number], string>;

async function missingServices(session: Session, urls: ReturnType<typeof serviceUrls>): Promise<Missing> {
  const missing: Missing = new Map();
  const services = { rabbitmq, kafka, sqs } satisfies Record<string, Service>;
  for (const [name, service] of Object.entries(services)) {
    if (!(await service.answers(urls[name as keyof typeof services])))
      missing.set(name as keyof typeof services, "does not answer");
  }
  await redis(session, false).catch((error: Error) => missing.set("redis", error.message));
  await ownPostgres(session).catch((error: Error) => missing.set("postgres", error.message));
  return missing;
}

/** Starts a separate PostgreSQL, if installed, so that other users neither slow it down nor take its connections. */
async function ownPostgres(session: Session): Promise<void> {
  if (process.env.MILLRACE_TEST_POSTGRES === undefined && postgresInstalled) {
    const server = await startPostgres({ max_connections: "400" });
    session.onEnd(() => {
      delete process.env.MILLRACE_TEST_POSTGRES;
      return server.stop();
    });
    process.env.MILLRACE_TEST_POSTGRES = server.url;
  }
  const client = new pg.Client({ connectionString: await postgres(session) });
  await client.connect();
  const { rows } = await client.query(
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')",
  );
  await client.end();
  for (const { name, setting } of rows) if (setting !== "on") throw new Error(`its ${name} is ${setting}`);
}

async function cleanRabbit(url: string): Promise<void> {
  const prefix = prefixOf(url);
  const names = [...queues, "bare", "records"].map((name) => `${prefix}:${name}`);
  const parsed = new URL(url);
  parsed.searchParams.delete("prefix");
  await deleteQueues(parsed.href, names);
  await cleaners.rabbitmq(url);
}

function prefixOf(url: string): string {
  return new URL(url).searchParams.get("prefix")!;
}

/** Replaces Millrace's prefix in the URL with another parameter. */
function replaced(url: string, name: string, value: string): string {
  const parsed = new URL(url);
  parsed.searchParams.delete("prefix");
  parsed.searchParams.set(name, value);
  return parsed.href;
}
