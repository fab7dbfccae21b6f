import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { openPostgresStore } from "../../src/adapters/postgres/store.ts";
import { connectWriter, startWriter } from "../../src/adapters/sqlite/client.ts";
import { sqliteStore } from "../../src/adapters/sqlite/store.ts";
import { resolveConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { openEngine } from "../../src/compose/open-engine.ts";
import { createServer } from "../../src/server/index.ts";
import { type Fill, fillPostgres, fillSqlite, makeTemplates } from "../fill-console.ts";
import { type Report, target } from "../report.ts";
import { postgres } from "../services.ts";
import type { Session } from "../session.ts";
import { percentile } from "../statistics.ts";

const MOST_MS = 300;

interface Subject {
  name: string;
  url: string;
  fill: Fill;
}

/** How long each view of the console takes on a store with a long history. */
export async function consoleViews(session: Session): Promise<Report> {
  const jobs = session.quick ? 20_000 : 1_000_000;
  const dead = jobs / 10;
  const subjects = [await overSqlite(session, jobs, dead), await overPostgres(session, jobs, dead)];
  const rows: Report["rows"] = [];
  for (const subject of subjects) {
    for (const [view, path] of Object.entries(viewsOf(subject))) {
      const ms = await times(subject.url + path, session.quick ? 5 : 20);
      const figures = { first: ms[0]!, p50: percentile(ms, 0.5), worst: Math.max(...ms) };
      session.say(`${subject.name} ${view}: ${Object.values(figures).map(Math.round).join(" ")}`);
      rows.push({ subject: `${subject.name}: ${view}`, figures });
    }
  }
  const worst = Math.max(...rows.map(({ figures }) => figures.worst!));
  return {
    name: "console",
    title: "The console's views",
    method: [
      `Over HTTP, one request after the other, in a store of ${jobs.toLocaleString("en")} finished jobs of 200 users, ${dead.toLocaleString("en")} of them with a dead letter, with a full history of 20 queues.`,
      "`first` is the first request after the server has started. A search that finds nothing ends when its time is up, and says where it goes on.",
    ],
    columns: [
      { name: "first", title: "first, ms", digits: 0 },
      { name: "p50", title: "p50, ms", digits: 0 },
      { name: "worst", title: "worst, ms", digits: 0 },
    ],
    rows,
    targets: [target("the slowest view", worst, { atMost: MOST_MS }, "ms")],
  };
}

function viewsOf({ fill }: Subject): { [view: string]: string } {
  const some = "0190000a-1f40-7000-8000-0000000a1f40";
  const since = new Date(Date.now() - 7 * 24 * 3_600_000).toISOString();
  const day = new Date(Date.now() - 24 * 3_600_000 + 60_000).toISOString();
  const group = encodeURIComponent("Page 0 cannot be read: it is blank.");
  return {
    overview: "/v1/admin/overview",
    queues: "/v1/admin/queues",
    workers: "/v1/admin/workers",
    "history, a day": `/v1/admin/history?from=${day}`,
    "history, 7 days": `/v1/admin/history?from=${since}`,
    "jobs, newest": "/v1/admin/jobs?limit=50",
    "jobs, of one owner": "/v1/admin/jobs?owner=owner-7&limit=50",
    "jobs, failed": "/v1/admin/jobs?state=failed&limit=50",
    "jobs, of a pipeline": "/v1/admin/jobs?pipeline=bench.fill3&limit=50",
    "jobs, by error code": "/v1/admin/jobs?code=code_5&limit=50",
    "jobs, by id": `/v1/admin/jobs?q=${some}`,
    "jobs, by file name": "/v1/admin/jobs?file=scan-99&limit=50",
    "jobs, text found nowhere": "/v1/admin/jobs?q=nowhere-to-be-found",
    "jobs, pipeline found nowhere": "/v1/admin/jobs?pipeline=none",
    "a job": `/v1/admin/jobs/${fill.templates.dead}`,
    timeline: `/v1/admin/jobs/${fill.templates.dead}/timeline`,
    "dead letters, grouped": "/v1/admin/dead-letters/groups",
    "dead letters, of a group": `/v1/admin/dead-letters?queue=bench.fill0/run&code=code_0&group=${group}&limit=50`,
    "dead letters, newest": "/v1/admin/dead-letters?limit=50",
    "a dead letter": `/v1/admin/dead-letters/${fill.templates.dead}.0`,
    operations: "/v1/admin/operations",
    audit: "/v1/admin/audit",
    replicas: "/v1/admin/replicas",
    metrics: "/metrics",
  };
}

async function times(url: string, count: number): Promise<number[]> {
  const all: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    const response = await fetch(url);
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url} answers ${response.status}`);
    all.push(performance.now() - began);
  }
  return all;
}

async function overSqlite(session: Session, jobs: number, dead: number): Promise<Subject> {
  const data = await mkdtemp(join(session.folder, "console-"));
  const { config } = await resolveConfig({ data, logLevel: "silent" }, {}, session.folder);
  const path = config.store.slice("sqlite:".length);
  // The store's own broker would keep the deliveries to itself.
  const first = await startWriter({ path, publishes: false });
  const store = sqliteStore(await connectWriter(first.socketPath), { publishes: false });
  const templates = await makeTemplates(store);
  await store.close();
  await first.close();
  session.say(`filling SQLite with ${jobs} jobs`);
  await fillSqlite(path, { templates, jobs, dead });
  const writer = (await startEmbedded(config))!;
  session.onEnd(() => writer.close());
  const url = await serve(session, { config, writer: writer.socketPath });
  return { name: "SQLite", url, fill: { templates, jobs, dead } };
}

async function overPostgres(session: Session, jobs: number, dead: number): Promise<Subject> {
  const store = await postgres(session);
  const data = await mkdtemp(join(session.folder, "console-"));
  const { config } = await resolveConfig({ data, store, logLevel: "silent" }, {}, session.folder);
  const first = await openPostgresStore(store, { publishes: false });
  const templates = await makeTemplates(first);
  await first.close();
  session.say(`filling PostgreSQL with ${jobs} jobs`);
  await fillPostgres(store, { templates, jobs, dead });
  return {
    name: "PostgreSQL",
    url: await serve(session, { config, writer: null }),
    fill: { templates, jobs, dead },
  };
}

async function serve(session: Session, wiring: Parameters<typeof openEngine>[0]): Promise<string> {
  const { engine, shares, notices, webhooks, close } = await openEngine(wiring);
  session.onEnd(close);
  const server = await createServer({
    ...{ engine, shares, notices, webhooks, host: "127.0.0.1", port: 0, webRoot: null, samplesRoot: null },
    logger: pino({ level: "silent" }),
  });
  session.onEnd(() => server.close());
  return (await server.listen()).url;
}
