/**
 * `npm run services [start|stop|status] [-- --json] [-- NAME…]`: manages the servers for development and tests.
 *
 * - `start` (the default) uses running servers, starts missing ones, and prints the URLs.
 * - `stop` stops only what `start` has started. Data stays in `.services/`.
 * - `--own` starts separate servers even if the machine has some, for tests: without other load or leftovers, and fast,
 *   because their data need not survive a crash.
 * - `--json` prints `{"MILLRACE_TEST_POSTGRES": "postgres://…", …}` for scripts.
 *
 * If an environment variable is set, it names the service to use, and nothing is started for it.
 */
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readArguments } from "../arguments.ts";
import { kafka } from "./kafka.ts";
import { withLock } from "./lock.ts";
import { postgres } from "./postgres.ts";
import { listens } from "./probe.ts";
import { logTail, running, start, stop } from "./process.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { redis } from "./redis.ts";
import { s3 } from "./s3.ts";
import type { Service } from "./service.ts";
import { sqs } from "./sqs.ts";

const all = [postgres, redis, rabbitmq, kafka, sqs, s3];
const root = fileURLToPath(new URL("../../.services", import.meta.url));

interface State {
  service: Service;
  url: string | null;
  note: string;
}

const { values, positionals } = readArguments({
  command: "npm run services",
  about: "Manages the servers for development and tests.",
  operands: {
    "[start|stop|status]":
      "start (the default): starts what is missing, and prints the URLs; stop: stops what it started",
    "[NAME…]": `${all.map(({ name }) => name).join(", ")} (default: all)`,
  },
  options: {
    json: { type: "boolean", default: false, about: "prints the URLs as environment variables, in JSON" },
    own: { type: "boolean", default: false, about: "starts separate servers even if the machine has some" },
  },
});
const actions = { start: bringUp, stop: takeDown, status: look };
const isAction = (word: string | undefined): word is keyof typeof actions =>
  word !== undefined && word in actions;
const action = isAction(positionals[0]) ? positionals[0] : "start";
const names = positionals.filter((word) => word !== action);
const unknown = names.filter((name) => !all.some((service) => service.name === name));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. Known: ${all.map((service) => service.name).join(", ")}.`);
  process.exit(2);
}

const chosen = names.length > 0 ? all.filter((service) => names.includes(service.name)) : all;
const states = await Promise.all(chosen.map((service) => actions[action](service)));
print(states);
if (action === "start" && states.some((state) => state.url === null)) process.exitCode = 1;
// Clients of the probes may keep sockets open for a while.
process.exit();

async function look(service: Service): Promise<State> {
  const given = process.env[service.variable];
  const urls = given ? [given] : placesOf(service);
  const started = await running(folderOf(service));
  for (const url of urls) {
    if (await service.answers(url))
      return { service, url, note: started?.url === url ? "ours" : "was there" };
  }
  return { service, url: null, note: given ? `${given} does not answer` : "does not run" };
}

async function bringUp(service: Service): Promise<State> {
  const present = await look(service);
  if (present.url !== null || process.env[service.variable]) return present;
  const folder = folderOf(service);
  try {
    await mkdir(folder, { recursive: true });
    // A server that runs as another user must be able to reach its data.
    await chmod(root, 0o755);
    return await withLock(join(folder, "starting.lock"), () => startMissing(service, folder));
  } catch (error) {
    return { service, url: null, note: (error as Error).message };
  }
}

async function startMissing(service: Service, folder: string): Promise<State> {
  // Another run of this script may have started it meanwhile.
  const present = await look(service);
  if (present.url !== null) return present;
  const started = await running(folder);
  if (started) return untilAnswers(service, started.url, folder);
  await service.install(folder);
  for (const url of placesOf(service)) {
    if (await listens(url)) continue;
    await start(await service.command(url, folder, !values.own), url, folder);
    return untilAnswers(service, url, folder);
  }
  throw new Error(`its ports are in use by something else; set ${service.variable}`);
}

async function untilAnswers(service: Service, url: string, folder: string): Promise<State> {
  const deadline = Date.now() + 60_000;
  while (!(await service.answers(url))) {
    const ended = (await running(folder)) === null;
    if (ended || Date.now() > deadline) {
      const what = ended ? "ended at once" : "does not answer after 60 s";
      throw new Error(`${what}; see ${folder}/server.log:\n${await logTail(folder)}`);
    }
    await sleep(100);
  }
  await service.afterStart?.(url);
  await service.prepare?.(folder);
  return { service, url, note: "started" };
}

async function takeDown(service: Service): Promise<State> {
  const ended = await stop(folderOf(service));
  if (ended) return { service, url: null, note: "stopped" };
  const { url } = await look(service);
  return { service, url, note: url ? "not ours: left alone" : "does not run" };
}

/** The machine's own server uses the first of several URLs. */
function placesOf({ urls }: Service): readonly string[] {
  return values.own && urls.length > 1 ? urls.slice(1) : urls;
}

function folderOf(service: Service): string {
  return join(root, service.name);
}

function print(states: State[]): void {
  if (values.json) {
    const urls = states.flatMap(({ service, url }) =>
      url === null ? [] : [[service.variable, url] as const],
    );
    console.log(JSON.stringify(Object.fromEntries(urls), null, 2));
    for (const { service, url, note } of states) if (url === null) console.error(`${service.name}: ${note}`);
    return;
  }
  for (const { service, url, note } of states) {
    console.log(`${service.name.padEnd(9)} ${note.padEnd(10)} ${url ? `${service.variable}=${url}` : ""}`);
  }
}
