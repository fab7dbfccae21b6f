/**
 * `npm run scale:keda -- --count 100`: scale-ins by a simulated KEDA under load, with real workers on PostgreSQL, and
 * how long the first task waits at zero workers with a polling interval of 30 s. Prints one line of JSON.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { startCluster } from "./cluster.ts";
import { type KedaOptions, simulateKeda } from "./keda.ts";

export interface KedaResult {
  scaleIns: number;
  scaleOuts: number;
  /** Number of pods that exceeded their grace period. */
  podsKilled: number;
  tasks: number;
  /** Number of attempts that started but did not end. */
  tasksKilled: number;
  /** Number of attempts beyond a task's first. */
  charged: number;
}

/** Shorter times than in a cluster: polls every second, with a stabilization window of three. */
const quick = {
  ...{ targetValue: 1, minReplicas: 0, maxReplicas: 6 },
  ...{ pollMs: 1_000, cooldownMs: 3_000, syncMs: 1_000, stabilizeMs: 3_000, graceMs: 60_000 },
};

export async function kedaScaleIns(count: number, seconds = 3_600): Promise<KedaResult> {
  const cluster = await startCluster({ env: { MILLRACE_DRAIN: "50" } });
  const keda = simulateKeda(kedaOf(cluster, quick));
  const jobs: string[] = [];
  try {
    const deadline = performance.now() + seconds * 1_000;
    while (keda.counts.scaleIns < count) {
      if (performance.now() > deadline) throw new Error(`fewer than ${count} scale-ins in ${seconds} s`);
      const short = Array.from({ length: 16 }, (_, n) => `sleep ${100 + 50 * n}`);
      jobs.push(await cluster.submit([...short, "sleep 4000", "sleep 7000"]));
      await sleep(4_000 + Math.random() * 6_000);
    }
    const states = await Promise.all(jobs.map((id) => cluster.ended(id)));
    if (states.some((state) => state !== "succeeded")) throw new Error(`jobs ended as ${states}`);
    await keda.stop();
    const begun = cluster.lines("start");
    return {
      scaleIns: keda.counts.scaleIns,
      scaleOuts: keda.counts.scaleOuts,
      podsKilled: keda.counts.killed,
      tasks: jobs.length * 18,
      tasksKilled: begun.length - cluster.lines("end").length,
      charged: begun.filter((words) => words[4] !== "1").length,
    };
  } finally {
    await keda.stop();
    await cluster.close();
  }
}

/** Time from a job's `202` to the start of its task at zero workers, in ms. @param podMs time to start a container */
export async function fromZero(times: number, pollMs: number, podMs: number): Promise<number[]> {
  const cluster = await startCluster({ podMs });
  const keda = simulateKeda(kedaOf(cluster, { ...quick, pollMs, cooldownMs: 1_000, syncMs: 15_000 }));
  const waits: number[] = [];
  try {
    for (let n = 0; n < times; n++) {
      while (keda.pods.length > 0) await sleep(200);
      await sleep(Math.random() * pollMs);
      const at = Date.now();
      await cluster.ended(await cluster.submit(["sleep 10"]));
      waits.push(Number(cluster.lines("start").at(-1)![5]) - at);
    }
    return waits;
  } finally {
    await keda.stop();
    await cluster.close();
  }
}

function kedaOf(
  cluster: Awaited<ReturnType<typeof startCluster>>,
  figures: Omit<KedaOptions, "value" | "cost" | "start">,
): KedaOptions {
  return { ...figures, value: cluster.wanted, cost: cluster.running, start: cluster.start };
}

if (import.meta.main) {
  const { values } = readArguments({
    command: "npm run scale:keda",
    about: "Simulates KEDA under load, with real workers on PostgreSQL. Prints one line of JSON.",
    options: {
      count: { type: "string", default: "100", value: "N", about: "number of scale-ins" },
      zero: { type: "string", default: "3", value: "N", about: "how often to scale from zero" },
    },
  });
  const result = await kedaScaleIns(Number(values.count));
  const waits = await fromZero(Number(values.zero), 30_000, 5_000);
  console.log(JSON.stringify({ ...result, fromZeroSeconds: waits.map((ms) => ms / 1_000) }));
}
