import type { Held, Installation, StartSettings, Subject } from "./architecture.ts";
import { type Program, startProgram } from "./child.ts";
import type { PoolSettings } from "./pool-process.ts";
import type { SyncSettings } from "./sync-process.ts";

const nothing = async () => null;

/** V0: the API calls the service that does the work, and waits. */
export const synchronous: Subject = {
  architecture: "V0",
  variant: null,
  title: "synchronous",
  hasWorkers: false,
  slots: () => Number.POSITIVE_INFINITY,
  missing: nothing,
  start: (settings) => startServices("/v0/ocr/sync", settings, 1),
};

/** V2: like V0, with several services that take turns. */
export const instances: Subject = {
  architecture: "V2",
  variant: null,
  title: "instances over HTTP, round robin",
  hasWorkers: true,
  slots: () => Number.POSITIVE_INFINITY,
  missing: nothing,
  start: (settings) => startServices("/v2/ocr/sync", settings, settings.workers),
};

/** V1: a thread pool in the API. */
export function pool(form: Pick<PoolSettings, "threads" | "queue" | "overflow">): Subject {
  const { threads, queue, overflow } = form;
  const path = "/v1/ocr/sync";
  return {
    architecture: "V1",
    variant: `pool ${threads}, queue ${queue}, ${overflow === "refuse" ? "refuses" : "caller runs"}`,
    title: "thread pool",
    hasWorkers: false,
    slots: () => threads,
    missing: nothing,
    async start({ work }) {
      const settings: PoolSettings = { path, work, ...form };
      const api = await startProgram(new URL("./pool-process.ts", import.meta.url), settings);
      return installation(path, api, [], [api]);
    },
  };
}

async function startServices(path: string, { work }: StartSettings, count: number): Promise<Installation> {
  const file = new URL("./service-process.ts", import.meta.url);
  const services = await Promise.all(Array.from({ length: count }, () => startProgram(file, work)));
  const settings: SyncSettings = { path, services: services.map(({ url }) => url) };
  const api = await startProgram(new URL("./sync-process.ts", import.meta.url), settings);
  return installation(path, api, services, services);
}

function installation(
  path: string,
  api: Program,
  services: readonly Program[],
  counting: readonly Program[],
): Installation {
  const roles = [{ role: "api", program: api }, ...services.map((program) => ({ role: "service", program }))];
  return {
    url: api.url,
    path,
    answers: "result",
    idleUrl: `${api.url}/health`,
    processes: roles.map(({ role, program }) => ({ role, pid: program.child.pid! })),
    held: async () => [await sumOf(counting)],
    async close() {
      await Promise.all([api, ...services].map((program) => program.stop()));
    },
  };
}

const ASK_MS = 2_000;

async function sumOf(programs: readonly Program[]): Promise<Held> {
  const loads = await Promise.all(
    programs.map(async ({ url }) => {
      const answer = await fetch(`${url}/load`, { signal: AbortSignal.timeout(ASK_MS) });
      return (await answer.json()) as { ready: number; running: number; consumers: number };
    }),
  );
  const sum = (name: "ready" | "running" | "consumers") => loads.reduce((all, load) => all + load[name], 0);
  return { from: "server", ready: sum("ready"), running: sum("running"), consumers: sum("consumers") };
}
