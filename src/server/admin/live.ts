import { z } from "zod";
import { operationRecords } from "../../database/operations.ts";
import type { Engine } from "../../engine/engine.ts";
import type { App } from "../../http/app.ts";
import { documented } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import type { EventStream } from "../events/event-streams.ts";
import { operationView } from "./operations.ts";
import { overviewView } from "./overview.ts";
import { queueViews } from "./queues.ts";
import { workerViews } from "./workers.ts";

const TELL_MS = 1_000;
/** Latest operations to stream. */
const SHOWN_OPERATIONS = 20;

/** The streamed views, by event name. */
const views = {
  overview: (engine: Engine) => overviewView(engine),
  queues: async (engine: Engine) => ({ items: await queueViews(engine) }),
  workers: async (engine: Engine) => ({ items: await workerViews(engine) }),
  operations: async ({ database }: Engine) => {
    const latest = await operationRecords(database).list({ limit: SHOWN_OPERATIONS });
    return { items: latest.map(operationView) };
  },
} as const;

type Name = keyof typeof views;
const names = Object.keys(views) as Name[];

/** Streams changes to the console's views. One query per second serves all listeners. */
export function liveRoute(app: App, context: ServerContext): void {
  const watch = watchViews(context);

  app.route({
    method: "GET",
    url: "/v1/admin/events",
    exposeHeadRoute: false,
    schema: {
      operationId: "adminEvents",
      summary: "Stream changes to the overview, queues, workers and operations",
      description:
        "Sends the current state of each, then every change, at most once a second. The events are `overview`, `queues`, `workers` and `operations`. Their data is the response of the call with that name. Events have no ids: after reconnecting, you receive the current state again.",
      tags: ["Operations"],
      ...documented(
        {
          200: {
            description: "Server-sent events",
            content: { "text/event-stream": { schema: z.string() } },
          },
        },
        ["forbidden", "quota_exceeded", "unavailable"],
      ),
    },
    async handler(request, reply) {
      const stream = context.streams.open(reply, request.principal);
      const leave = watch(stream);
      await stream.ended;
      leave();
    },
  });
}

/** @returns a function to subscribe. The views are only queried while someone is subscribed */
function watchViews({ engine, logger }: Pick<ServerContext, "engine" | "logger">) {
  const listeners = new Set<EventStream>();
  /** Last frame of each view, while someone is subscribed. */
  const known = new Map<Name, string>();
  let timer: NodeJS.Timeout | null = null;
  let isLooking = false;

  async function look(): Promise<void> {
    // Do not pile up queries on a slow store.
    if (isLooking) return;
    isLooking = true;
    try {
      await Promise.all(names.map(tell));
    } catch (error) {
      logger.warn({ err: error }, "the console's views cannot be read");
    } finally {
      isLooking = false;
    }
  }

  async function tell(name: Name): Promise<void> {
    const frame = `event: ${name}\ndata: ${JSON.stringify(await views[name](engine))}\n\n`;
    if (known.get(name) === frame) return;
    known.set(name, frame);
    const bytes = Buffer.from(frame);
    for (const stream of listeners) stream.push(bytes);
  }

  return (stream: EventStream) => {
    listeners.add(stream);
    for (const frame of known.values()) stream.push(Buffer.from(frame));
    if (timer === null) {
      timer = setInterval(() => void look(), TELL_MS).unref();
      void look();
    }
    return () => {
      listeners.delete(stream);
      if (listeners.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
      known.clear();
    };
  };
}
