import { Piscina } from "piscina";
import { prepare, work } from "../workloads/work.ts";
import type { Worked, WorkFile, WorkSettings } from "../workloads/workload.ts";
import { ready, settingsOf } from "./child.ts";
import { fileOf, listen } from "./http.ts";

/** API of V1: a thread pool in its own process. */
export interface PoolSettings {
  path: string;
  work: WorkSettings;
  threads: number;
  /** Length of the queue for threads. */
  queue: number;
  /** What to do with the next request: reject it, or do its work in the web server's own thread. */
  overflow: "refuse" | "caller-runs";
}

const { path, work: settings, threads, queue, overflow } = settingsOf<PoolSettings>();
const pool = new Piscina({
  filename: new URL("./pool-thread.ts", import.meta.url).href,
  minThreads: threads,
  maxThreads: threads,
  maxQueue: queue,
  workerData: settings,
});
let [inPool, onCaller] = [0, 0];

async function inThread(file: WorkFile): Promise<Worked> {
  inPool++;
  try {
    return (await pool.run(file)) as Worked;
  } finally {
    inPool--;
  }
}

async function here(file: WorkFile): Promise<Worked> {
  onCaller++;
  try {
    return await work(settings, file);
  } finally {
    onCaller--;
  }
}

await prepare(settings);
const url = await listen({
  [`POST ${path}`]: async ({ request }, answer) => {
    const file = await fileOf(request);
    const isFull = inPool >= threads + queue;
    if (isFull && overflow === "refuse") return answer(503, { error: "the pool is full" });
    answer(200, await (isFull ? here(file) : inThread(file)));
  },
  "GET /health": (_, answer) => answer(200, "ok"),
  "GET /load": (_, answer) =>
    answer(200, {
      ready: Math.max(0, inPool - threads),
      running: Math.min(inPool, threads) + onCaller,
      consumers: threads,
    }),
});
ready({ url });
