/**
 * `npm run scale:move -- --from redis --to rabbitmq --tasks 10000`: moves a Millrace on PostgreSQL to another broker
 * under load, with the guide's rolling restart and `millrace broker move`. Prints one line of JSON.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { cleaners } from "../crash/cleaning.ts";
import { serviceUrls } from "../services.ts";
import { startCluster } from "./cluster.ts";

export type BrokerName = "postgres" | "redis" | "rabbitmq" | "kafka" | "sqs";

export interface MoveResult {
  from: BrokerName;
  to: BrokerName;
  tasks: number;
  /** Number of tasks that did not succeed. */
  lost: number;
  /** Number of tasks whose step ran more than once. */
  twice: number;
  charged: number;
  /** The longest time from a job's `202` to the start of its last task, in seconds. */
  longestWait: number;
  /** The same for jobs submitted before the move, as a baseline for this machine. */
  longestWaitBefore: number;
  /** Number of deliveries that the command handed over. */
  moved: number;
}

const ITEMS = 20;
/** Pause between jobs, in ms: about 60 tasks per second, well below the capacity of two workers. */
const PAUSE_MS = 330;

export async function moveUnderTraffic(from: BrokerName, to: BrokerName, tasks: number): Promise<MoveResult> {
  const name = `move-${process.pid}-${Date.now().toString(36)}`;
  const urls = serviceUrls(name);
  // If PostgreSQL is the broker, it is the store itself.
  const env = (broker: BrokerName) => (broker === "postgres" ? {} : { MILLRACE_BROKER: urls[broker] });
  const cluster = await startCluster({ env: env(from) });
  const newEnv = to === "postgres" ? { MILLRACE_BROKER: cluster.storeUrl } : env(to);
  try {
    const old = [cluster.start(), cluster.start()];
    let api = cluster.url;
    const jobs: { id: string; at: number }[] = [];
    let isMoved = false;
    const traffic = (async () => {
      while (jobs.length * ITEMS < tasks || !isMoved) {
        const id = await cluster.submit(
          Array.from({ length: ITEMS }, () => "sleep 20"),
          api,
        );
        jobs.push({ id, at: Date.now() });
        await sleep(PAUSE_MS);
      }
    })();
    // It is awaited at the end; until then, its rejection must not count as unhandled.
    let hasFailed = false;
    traffic.catch(() => (hasFailed = true));
    while (jobs.length * ITEMS < tasks / 3) {
      if (hasFailed) await traffic;
      await sleep(100);
    }
    const before = new Set(jobs.slice(0, -1).map(({ id }) => id));

    // As the guide says: start a new worker, run the command, and then replace one process after the other.
    cluster.start(newEnv);
    const moving = cluster.command(
      ["broker", "move", "--to", newEnv.MILLRACE_BROKER!, "--idle", "10"],
      env(from),
    );
    await sleep(3_000);
    await old[0]!.terminate(60_000);
    cluster.start(newEnv);
    const nextApi = await cluster.serve(newEnv);
    await sleep(2_000);
    api = nextApi;
    await sleep(1_000);
    await cluster.end(cluster.url);
    await sleep(2_000);
    await old[1]!.terminate(60_000);
    const { code, output } = await moving;
    if (code !== 0) throw new Error(`millrace broker move ended with ${code}: ${output}`);
    isMoved = true;
    await traffic;

    const states = await Promise.all(jobs.map(({ id }) => cluster.ended(id, api)));
    const begun = cluster.lines("start");
    const keyOf = (words: string[]) => `${words[1]} ${words[2]}`;
    const ended = new Set(cluster.lines("end").map(keyOf));
    const createdAt = new Map(jobs.map(({ id, at }) => [id, at]));
    const longest = (some: string[][]) =>
      Math.max(0, ...some.map((words) => Number(words[5]) - createdAt.get(words[1]!)!)) / 1_000;
    return {
      ...{ from, to, tasks: jobs.length * ITEMS },
      lost: jobs.length * ITEMS - ended.size + states.filter((state) => state !== "succeeded").length,
      twice: begun.length - new Set(begun.map(keyOf)).size,
      charged: begun.filter((words) => words[4] !== "1").length,
      longestWait: longest(begun),
      longestWaitBefore: longest(begun.filter((words) => before.has(words[1]!))),
      moved: Number(/Moved (\d+)/.exec(output)?.[1]),
    };
  } finally {
    await cluster.close();
    for (const broker of [from, to]) if (broker !== "postgres") await cleaners[broker](urls[broker]);
  }
}

if (import.meta.main) {
  const oneOf = ["postgres", "redis", "rabbitmq", "kafka", "sqs"] as const;
  const about = oneOf.join(", ");
  const { values } = readArguments({
    command: "npm run scale:move",
    about: "Moves a Millrace on PostgreSQL to another broker under load. Prints one line of JSON.",
    options: {
      from: { type: "string", default: "redis", value: "NAME", oneOf, about },
      to: { type: "string", default: "rabbitmq", value: "NAME", oneOf, about },
      tasks: { type: "string", default: "10000", value: "N", about: "least number of tasks" },
    },
  });
  const { from, to, tasks } = values as { from: BrokerName; to: BrokerName; tasks: string };
  console.log(JSON.stringify(await moveUnderTraffic(from, to, Number(tasks))));
}
