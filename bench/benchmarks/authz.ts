import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgresBus } from "../../src/adapters/postgres/bus.ts";
import { openPostgresDatabase } from "../../src/adapters/postgres/database.ts";
import { testIssuer } from "../../src/authz/testing.ts";
import { newId } from "../../src/domain/ids.ts";
import { createReplica } from "../../src/replica/replica.ts";
import { revocationsOf } from "../../src/replica/revocations.ts";
import { clock } from "../clock-log.ts";
import { askChecks, type Checked } from "../load/checks.ts";
import { askGrpc } from "../load/grpc-checks.ts";
import { freePort, type Program, program } from "../processes.ts";
import { listenerOn, processorTime, used } from "../processor-time.ts";
import { type Report, type Row, target } from "../report.ts";
import { postgres, redis } from "../services.ts";
import type { Session } from "../session.ts";
import { interleave, medians, percentile, ratio } from "../statistics.ts";
import { logins } from "./logins.ts";

const CONNECTIONS = 50;
const TOKENS = 1_000;
const NGINX_PER_SECOND = 10_000;
const PROCESSES = 3;

interface Subject {
  name: string;
  note: string;
  /** The processes whose CPU time counts for its checks: the server, and Redis. */
  processes: readonly number[];
  check(seconds: number): Promise<Checked>;
}

/** Access checks: answered from memory, versus one Redis query each. */
export async function authz(session: Session): Promise<Report> {
  const issuer = await testIssuer();
  session.onEnd(issuer.close);
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_, n) =>
      issuer.sign({ sub: `user ${n}`, jti: newId(), exp: tomorrow() }),
    ),
  );
  const sizes = session.quick ? [100_000] : [100_000, 1_000_000];
  const lookups = await lookupRows(session, sizes);
  const { subjects, millrace } = await start(session, issuer.jwks, tokens, sizes.at(-1)!);
  const seconds = session.quick ? 2 : 5;
  for (const { check } of subjects) await check(1);
  const results = await interleave(subjects, session.quick ? 1 : 3, async (subject, round) => {
    const before = processorTime(subject.processes);
    const asked = await subject.check(seconds);
    const serverUs = (used(before, processorTime(subject.processes)) * 1_000) / (asked.perSecond * seconds);
    const found = { ...asked, serverUs, perCore: 1e6 / serverUs };
    session.say(`round ${round + 1} ${subject.name}: ${Math.round(found.perSecond)}/s`);
    return found;
  });
  const [http, grpc, plain, pipelined] = subjects.map((subject) => results.get(subject)!);
  for (const { stop } of millrace.others) await stop();
  const proxied = await behindNginx(session, millrace.url, tokens);
  const seen = [await revocations(session, "heard"), await revocations(session, "deaf")];
  const people = await logins(session);
  const own = lookups.rows.filter((row) => row.subject.startsWith("memory"));
  const most = (name: string) => Math.max(...own.map((row) => row.figures[name]!));
  return {
    name: "authz",
    title: "Checks of access",
    method: [
      "*Checks/s of a core* is how many checks one core could answer, given the processor time that the server, and Redis if it asks Redis, spend on each. The load generator takes most of the machine, so *checks/s* says more about it than about the server.",
      `${sizes.at(-1)!.toLocaleString("en")} ids are revoked. ${CONNECTIONS} connections check ${TOKENS.toLocaleString("en")} tokens (ES256; servers remember a signature after its first use), each the next one as soon as it has its answer. Every server is one process, and the load generator runs on the same cores.`,
      "The servers that ask Redis verify the same tokens in the same way, and answer with the same headers.",
      `Revocation, on PostgreSQL: the time from just before the commit until the last of ${PROCESSES} processes refuses the token, with a working bus and with one that delivers nothing.`,
      "Logins, on PostgreSQL: with passwords (Argon2id, 19 MiB, two passes), 40 at once, each from its own address, while a worker runs 20 jobs per second and a client lists jobs.",
    ],
    columns: [
      { name: "perSecond", title: "checks/s", digits: 0 },
      { name: "serverUs", title: "µs of processor time", digits: 1 },
      { name: "perCore", title: "checks/s of a core", digits: 0 },
      { name: "p50", title: "p50 ms" },
      { name: "p99", title: "p99 ms" },
      { name: "failed", title: "failed, %", digits: 2 },
    ],
    rows: [
      ...subjects.map(({ name, note }, n) =>
        row(name, medians([http, grpc, plain, pipelined, results.get(subjects[4]!)!][n]!), note),
      ),
      ...(proxied
        ? [
            row(
              `Millrace behind nginx, ${NGINX_PER_SECOND.toLocaleString("en")}/s asked`,
              proxied,
              "`auth_request`, a small file behind it",
            ),
          ]
        : []),
    ],
    targets: [
      target("checks/s of a core over HTTP", medians(http!).perCore!, { atLeast: 20_000 }),
      target("checks/s of a core over gRPC", medians(grpc!).perCore!, { atLeast: 10_000 }),
      target("checks/s of a core, against Redis `EXISTS`", ratio(http!, plain!, "perCore"), { atLeast: 1.4 }),
      target("… against Redis `EXISTS`, pipelined", ratio(http!, pipelined!, "perCore"), { atLeast: 1.1 }),
      target("p99 of a lookup", most("p99Ms"), { atMost: 0.01 }, "ms"),
      target("processor time of a lookup, as a share of Redis's", lookups.share, { atMost: 0.01 }),
      target("memory of an entry", most("bytes"), { atMost: 120 }, "bytes"),
      target("p99 until three processes refuse, with the bus", seen[0]!.p99, { atMost: 1_000 }, "ms"),
      target("p99 until three processes refuse, without the bus", seen[1]!.p99, { atMost: 1_000 }, "ms"),
      target("logins/s, while jobs run", people.perSecond, { atLeast: 200 }),
      target("p95 of the API meanwhile", people.apiP95, { atMost: 50 }, "ms"),
    ],
    further: [
      { title: "Looking up an id", columns: lookups.columns, rows: lookups.rows },
      {
        title: `Until ${PROCESSES} processes refuse what was revoked`,
        columns: [
          { name: "p50", title: "p50 ms" },
          { name: "p99", title: "p99 ms" },
          { name: "max", title: "longest, ms" },
        ],
        rows: [
          { subject: "with the bus", figures: seen[0]! },
          { subject: "with a bus that delivers nothing", figures: seen[1]! },
        ],
      },
    ],
  };
}

function row(subject: string, { failed, ...figures }: Checked, note: string): Row {
  return { subject, figures: { ...figures, failed: failed * 100 }, note };
}

function tomorrow(): number {
  return Math.floor(Date.now() / 1_000) + 24 * 3_600;
}

async function start(session: Session, jwks: string, tokens: readonly string[], revoked: number) {
  const run = (kind: string, url = "") =>
    program(session, "authz-server.ts", [kind, jwks, String(revoked), url], {
      env: { BENCH_FOLDER: session.folder },
    });
  const redisUrl = await redis(session, false);
  session.say(`filling ${revoked} revoked ids`);
  const own = await run("millrace");
  const plain = await run("redis", redisUrl);
  const pipelined = await run("redis-pipelined", redisUrl);
  const bare = await run("bare");
  const overHttp = (one: Program) => (seconds: number) =>
    askChecks(one.ready.url as string, tokens, { connections: CONNECTIONS, seconds });
  const grpcPort = own.ready.grpcPort as number;
  const of = ({ child }: Program) => [child.pid!];
  const redisServer = listenerOn(Number(new URL(redisUrl).port));
  const subjects: Subject[] = [
    { name: "Millrace, HTTP", note: "from memory", processes: of(own), check: overHttp(own) },
    {
      name: "Millrace, gRPC",
      note: "from memory; Envoy's messages",
      processes: of(own),
      check: (seconds) => askGrpc(grpcPort, tokens, { inFlight: CONNECTIONS, seconds }),
    },
    {
      name: "node:http + Redis `EXISTS`",
      note: "one query per check",
      processes: [...of(plain), ...redisServer],
      check: overHttp(plain),
    },
    {
      name: "node:http + Redis `EXISTS`, pipelined",
      note: "one batch of queries per turn of the event loop",
      processes: [...of(pipelined), ...redisServer],
      check: overHttp(pipelined),
    },
    { name: "bare node:http", note: "checks nothing", processes: of(bare), check: overHttp(bare) },
  ];
  return { subjects, millrace: { url: own.ready.url as string, others: [plain, pipelined, bare] } };
}

async function lookupRows(session: Session, sizes: readonly number[]) {
  const execArgv = ["--expose-gc"];
  const rows: Row[] = [];
  let slowest = 0;
  for (const size of sizes) {
    const { ready, stop } = await program(session, "authz-lookup.ts", ["memory", String(size)], { execArgv });
    await stop();
    const { bytesPerEntry: bytes, p99Ms, cpuUs } = ready as { [name: string]: number };
    slowest = Math.max(slowest, cpuUs!);
    rows.push({
      subject: `memory, ${size.toLocaleString("en")} ids`,
      figures: { p99Ms: p99Ms!, cpuUs: cpuUs!, bytes: bytes! },
    });
  }
  const url = await redis(session, false);
  const server = listenerOn(Number(new URL(url).port));
  const asked = new Map<string, number>();
  for (const kind of ["redis", "redis-pipelined"]) {
    const before = processorTime(server);
    const { ready, stop } = await program(session, "authz-lookup.ts", [kind, "0", url], { execArgv });
    await stop();
    const { p99Ms, cpuUs, lookups } = ready as { [name: string]: number };
    const total = cpuUs! + (used(before, processorTime(server)) * 1_000) / lookups!;
    asked.set(kind, total);
    const subject = kind === "redis" ? "Redis `EXISTS`" : "Redis `EXISTS`, pipelined";
    rows.push({ subject, figures: { p99Ms: p99Ms!, cpuUs: total } });
  }
  return {
    rows,
    share: slowest / asked.get("redis")!,
    columns: [
      { name: "p99Ms", title: "p99 ms", digits: 4 },
      { name: "cpuUs", title: "processor time, µs", digits: 3 },
      { name: "bytes", title: "bytes an entry", digits: 1 },
    ],
  };
}

/** Uses the configuration in `deploy/`, with a small file in place of a service. `null` if nginx is not installed. */
async function behindNginx(
  session: Session,
  check: string,
  tokens: readonly string[],
): Promise<Checked | null> {
  const folder = join(session.folder, "nginx");
  const port = await freePort();
  await mkdir(folder);
  await writeFile(join(folder, "ok.txt"), "ok\n");
  const site = (await readFile(join(import.meta.dirname, "../../deploy/nginx/authz.conf"), "utf8"))
    .replaceAll(":8000", `:${port}`)
    .replaceAll(":8080", `:${new URL(check).port}`)
    .replace("proxy_pass http://127.0.0.1:9000;", `root ${folder}; try_files /ok.txt =404;`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ");
  await writeFile(
    join(folder, "nginx.conf"),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log crit; worker_processes 1; user root;
    events { worker_connections 1024; } http { access_log off; keepalive_requests 1000000; ${temporary}\n${site}\n}`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) =>
    child.once("exit", () => resolve()).once("error", () => resolve()),
  );
  session.onEnd(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 40) {
      session.say("nginx does not start: left out");
      return null;
    }
    await sleep(50);
  }
  const seconds = session.quick ? 3 : 10;
  return askChecks(`http://127.0.0.1:${port}/`, tokens, {
    ...{ connections: CONNECTIONS, seconds, rate: NGINX_PER_SECOND },
  });
}

async function revocations(session: Session, mode: "heard" | "deaf") {
  const url = await postgres(session);
  const database = await openPostgresDatabase(url);
  const bus = await openPostgresBus(url);
  const replica = createReplica({ database, bus, now: Date.now });
  const known = revocationsOf(replica, Date.now);
  await replica.start();
  const followers = await Promise.all(
    Array.from({ length: PROCESSES }, () => program(session, "authz-follower.ts", [url, mode])),
  );
  const count = session.quick ? 60 : 1_000;
  const ids = Array.from({ length: count }, () => newId());
  const begun = new Map<string, number>();
  const seen = new Map<string, number[]>();
  for (const follower of followers) {
    follower.onMessage(({ seen: id, at }) => {
      if (typeof id === "string") seen.set(id, [...(seen.get(id) ?? []), at as number]);
    });
    const watching = new Promise<void>((resolve) =>
      follower.onMessage((message) => message.watching && resolve()),
    );
    follower.child.send({ watch: ids });
    await watching;
  }
  for (const id of ids) {
    begun.set(id, clock());
    await replica.commit(known.changes([{ kind: "sid", id, expiresAt: Date.now() + 60_000 }]));
    await sleep(mode === "heard" ? 5 : 37);
  }
  for (let tries = 0; tries < 100 && ids.some((id) => seen.get(id)?.length !== PROCESSES); tries++)
    await sleep(50);
  const times = ids.map((id) =>
    seen.get(id)?.length === PROCESSES
      ? (Math.max(...seen.get(id)!) - begun.get(id)!) / 1e6
      : Number.POSITIVE_INFINITY,
  );
  await Promise.all(followers.map((follower) => follower.stop()));
  await replica.close();
  await Promise.all([bus.close(), database.close()]);
  session.say(`${mode}: p99 ${percentile(times, 0.99).toFixed(0)} ms`);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: Math.max(...times) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
