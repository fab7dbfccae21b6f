import { z } from "zod";
import { webhookRecords } from "../../database/webhooks.ts";
import { MINUTE_MS } from "../../domain/history.ts";
import type { Engine } from "../../engine/engine.ts";
import { readHistory } from "../../engine/history/read.ts";
import { knownQueues } from "../../engine/known-queues.ts";
import type { App } from "../../http/app.ts";
import { component, documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count } from "./views.ts";

const RECENT_MINUTES = 15;
/** Maximum number of webhooks to count. */
const MOST_AILING = 1_000;
/** Minimum time between counts, in ms: each count scans all webhooks. */
const AILING_MS = 5_000;
const seconds = z.number().nullable();

export const overview = component(
  "Overview",
  z.object({
    jobs: z.object({ queued: count, running: count }).describe("Unfinished jobs."),
    tasks: z.object({ ready: count, running: count, scheduled: count, dead: count }),
    oldestSeconds: seconds.describe("Seconds that the oldest ready task has waited."),
    perSecond: z.number().describe("Tasks that ended per second, over the last minute."),
    workers: z.object({ count, draining: count, running: count, concurrency: count }),
    queues: z.object({
      count,
      paused: z.array(z.string()),
      unserved: z.array(z.string()).describe("Queues with waiting tasks that no worker serves."),
    }),
    webhooks: z
      .object({
        failing: count.describe("Endpoints whose last attempt failed, counted up to 1,000."),
        disabled: count.describe(
          "Endpoints that were disabled because nothing arrived, counted up to 1,000.",
        ),
      })
      .describe("Endpoints that need attention."),
    recent: z
      .object({
        minutes: count,
        waitP50Ms: seconds,
        waitP95Ms: seconds,
        runP50Ms: seconds,
        runP95Ms: seconds,
        failures: count.describe("Attempts that failed."),
        failuresByCode: z.array(z.object({ code: z.string(), count })),
      })
      .describe("Figures for the last few minutes."),
  }),
);

export type OverviewView = z.output<typeof overview>;

export function overviewRoute(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/overview",
    schema: {
      operationId: "overview",
      summary: "Retrieve an overview of the system",
      tags: ["Operations"],
      ...documented({ 200: overview }, ["forbidden"]),
    },
    handler: () => overviewView(engine),
  });
}

export async function overviewView(engine: Engine): Promise<OverviewView> {
  const now = engine.store.now();
  const [counts, queues, workers, webhooks, recent] = await Promise.all([
    engine.store.counts(),
    knownQueues(engine),
    engine.store.workers(),
    ailingOf(engine, now),
    recentView(engine, now),
  ]);
  const present = workers.filter((worker) => !worker.stopped);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  const waits = queues.map(({ oldestMs }) => oldestMs).filter((ms) => ms !== null);
  return {
    jobs: { queued: counts.jobs.queued ?? 0, running: counts.jobs.running ?? 0 },
    tasks: {
      ready: counts.tasks.ready ?? 0,
      running: counts.tasks.running ?? 0,
      scheduled: counts.tasks.scheduled ?? 0,
      dead: counts.tasks.dead ?? 0,
    },
    oldestSeconds: waits.length === 0 ? null : Math.max(...waits) / 1_000,
    perSecond: sum(queues.map(({ drainRate }) => drainRate)),
    workers: {
      count: present.length,
      draining: present.filter(({ draining }) => draining).length,
      running: sum(present.map(({ running }) => running)),
      concurrency: sum(present.flatMap((one) => Object.values(one.queues))),
    },
    queues: {
      count: queues.length,
      paused: queues.filter(({ paused }) => paused).map(({ name }) => name),
      unserved: queues
        .filter(({ workers, ready, scheduled }) => workers === 0 && ready + scheduled > 0)
        .map(({ name }) => name),
    },
    webhooks,
    recent,
  };
}

type Ailing = OverviewView["webhooks"];

const counted = new WeakMap<Engine, { at: number; ailing: Promise<Ailing> }>();

/** Failing and disabled webhooks, up to a few seconds old. */
function ailingOf(engine: Engine, now: number): Promise<Ailing> {
  const last = counted.get(engine);
  if (last && Math.abs(now - last.at) < AILING_MS) return last.ailing;
  const ailing = webhookRecords(engine.database).ailing(MOST_AILING);
  counted.set(engine, { at: now, ailing });
  // Do not cache a failure.
  ailing.catch(() => counted.delete(engine));
  return ailing;
}

/** One step of the history, which covers the last minutes. */
async function recentView(engine: Engine, now: number): Promise<OverviewView["recent"]> {
  const request = { queue: "", from: now - RECENT_MINUTES * MINUTE_MS, to: now };
  const { series, codes } = await readHistory(engine, {
    ...request,
    metrics: ["wait", "run", "failures"],
    asOne: true,
  });
  const first = (name: string) => series[name]?.[0] ?? null;
  return {
    minutes: RECENT_MINUTES,
    waitP50Ms: first("waitP50Ms"),
    waitP95Ms: first("waitP95Ms"),
    runP50Ms: first("runP50Ms"),
    runP95Ms: first("runP95Ms"),
    failures: first("failures") ?? 0,
    failuresByCode: codes.map(({ code, count }) => ({ code, count })),
  };
}
