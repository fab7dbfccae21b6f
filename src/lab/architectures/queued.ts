import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBroker } from "../../compose/adapters.ts";
import { givenConfig } from "../../compose/config.ts";
import { packageRoot } from "../../compose/version.ts";
import type { Broker } from "../../ports/broker.ts";
import type { Architecture } from "../records.ts";
import type { Held, Installation, Services, StartSettings, Subject } from "./architecture.ts";
import { type Program, startProgram, stopChild } from "./child.ts";
import { cleanersOf, within } from "./cleaning.ts";
import type { GatewaySettings } from "./gateway-process.ts";
import { answers } from "./probe.ts";

const QUEUE = "study.work/work";
const ASK_MS = 2_000;
export type BrokerName = keyof Services;

const titles: Record<BrokerName, string> = {
  postgres: "PostgreSQL",
  redis: "Redis Streams",
  rabbitmq: "RabbitMQ",
  kafka: "Kafka",
};

/** V3 to V6: Millrace itself, with records in PostgreSQL and its queue in the given broker. */
export function queued(architecture: Architecture, broker: BrokerName): Subject {
  return {
    architecture,
    variant: null,
    title: titles[broker],
    hasWorkers: true,
    slots: (workers) => workers,
    async missing(services) {
      for (const name of new Set(["postgres", broker] as const)) {
        const url = services[name];
        if (url === null) return `there is no URL for ${titles[name]}`;
        if (!(await answers(url))) return `${titles[name]} does not respond`;
      }
      return null;
    },
    start: (settings) => start(`/${architecture.toLowerCase()}/ocr/jobs`, broker, settings),
  };
}

function urlsOf(broker: BrokerName, services: Services, name: string): { store: string; broker: string } {
  const store = within(services.postgres!, "schema", name);
  return { store, broker: broker === "postgres" ? store : within(services[broker]!, "prefix", name) };
}

async function start(path: string, name: BrokerName, settings: StartSettings): Promise<Installation> {
  const urls = urlsOf(name, settings.services, settings.name);
  const env = {
    ...process.env,
    MILLRACE_STORE: urls.store,
    MILLRACE_BROKER: urls.broker,
    MILLRACE_DATA: join(settings.folder, "data"),
    MILLRACE_BLOBS: `file:${join(settings.folder, "blobs")}`,
    MILLRACE_PIPELINES: fileURLToPath(new URL("../workloads/pipelines.ts", import.meta.url)),
    MILLRACE_LOG_LEVEL: "error",
  };
  const roles: { role: string; child: ChildProcess }[] = [];
  let gateway: Program | null = null;
  const stop = async () => {
    await Promise.all([gateway?.stop(), ...roles.map(({ child }) => stopChild(child))]);
  };
  try {
    const api = await startRole(["api", "--port", "0"], env);
    roles.push({ role: "api", child: api.child });
    const workers = await Promise.all(
      Array.from({ length: settings.workers }, () => startRole(["worker"], env)),
    );
    roles.push(...workers.map(({ child }) => ({ role: "worker", child })));
    const apiUrl = /http:\S+/.exec(api.said)![0];
    const gatewaySettings: GatewaySettings = { path, api: apiUrl, work: settings.work };
    gateway = await startProgram(new URL("./gateway-process.ts", import.meta.url), gatewaySettings);
    const broker = await openBroker(wiringOf(urls, settings.folder));
    return {
      url: gateway.url,
      path,
      answers: "job",
      idleUrl: `${apiUrl}/healthz`,
      processes: [
        { role: "gateway", pid: gateway.child.pid! },
        ...roles.map(({ role, child }) => ({ role, pid: child.pid! })),
      ],
      held: () => heldBy(apiUrl, broker),
      async close() {
        const queues = (await queuesOf(apiUrl).catch(() => [])).map((queue) => queue.name);
        await stop();
        // A stopped broker never responds.
        await withinTime(broker.close()).catch(() => {});
        await cleanersOf(urls, queues);
      },
    };
  } catch (error) {
    await stop();
    // Its queues are unknown, so any that it already created stay.
    await cleanersOf(urls, []).catch(() => {});
    throw error;
  }
}

function wiringOf(urls: { store: string; broker: string }, folder: string) {
  return { config: givenConfig(urls, folder).config, writer: null };
}

/** Resolves when the role reports that it runs. */
async function startRole(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; said: string }> {
  const program = join(packageRoot, "bin", "millrace.js");
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
  if (child.exitCode !== null) throw new Error(`millrace ${args[0]} exited with code ${child.exitCode}`);
  return { child, said: String(said) };
}

interface QueueAnswer {
  name: string;
  ready: number;
  running: number;
  workers: number;
}

async function queuesOf(api: string): Promise<QueueAnswer[]> {
  const answer = await fetch(`${api}/v1/admin/queues`, { signal: AbortSignal.timeout(ASK_MS) });
  return ((await answer.json()) as { items: QueueAnswer[] }).items;
}

/** Contents according to the records and to the broker, which only knows what waits in its window. */
async function heldBy(api: string, broker: Broker): Promise<Held[]> {
  const store = queuesOf(api).then((queues): Held => {
    const { ready, running, workers } = queues.find(({ name }) => name === QUEUE)!;
    return { from: "store", ready, running, consumers: workers };
  });
  const own = withinTime(broker.depth!(QUEUE)).then(
    (ready): Held => ({ from: "broker", ready, running: null, consumers: null }),
  );
  const found = await Promise.allSettled([store, own]);
  const held = found.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (held.length === 0) throw (found[0] as PromiseRejectedResult).reason;
  return held;
}

function withinTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("the broker does not respond")), ASK_MS);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
