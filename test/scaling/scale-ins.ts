/**
 * `npm run scale:ins -- --count 100`: demand comes in waves, which start and stop workers under load. Counts
 * the cost of the scale-ins: killed tasks and charged attempts. Prints one line of JSON.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readArguments } from "../../scripts/arguments.ts";
import { type FaultyMillrace, faultyMillrace } from "../faults/millrace.ts";

export interface ScaleIns {
  scaleIns: number;
  scaleOuts: number;
  tasks: number;
  /** Number of tasks with an attempt that started but did not end. */
  killed: number;
  /** Number of attempts beyond the first. */
  charged: number;
  /** According to the metric. */
  interrupted: number;
}

/** Submits jobs in waves until `count` workers have been stopped. */
export async function scaleIns(count: number, seconds = 3_600): Promise<ScaleIns> {
  const millrace = faultyMillrace({ workers: "0..6", env: { MILLRACE_SCALE_DOWN: "0.5" } });
  await millrace.start();
  try {
    const jobs: string[] = [];
    const deadline = performance.now() + seconds * 1_000;
    while ((await changes(millrace, "down")) < count) {
      if (performance.now() > deadline) throw new Error(`fewer than ${count} scale-ins in ${seconds} s`);
      // Many short tasks, and long ones that are still running when demand has dropped.
      const short = Array.from({ length: 20 }, (_, n) => `sleep ${100 + 15 * n}`);
      const long = Array.from({ length: 3 }, (_, n) => `sleep ${1_500 + 500 * n}`);
      jobs.push((await millrace.submit([...short, ...long])).id);
      await sleep(2_000 + Math.random() * 2_500);
    }
    for (const id of jobs) {
      const { state } = await millrace.ended(id);
      if (state !== "succeeded") throw new Error(`job ${id} is ${state}`);
    }
    const log = readFileSync(millrace.log, "utf8").trim().split("\n");
    const begun = log.filter((line) => line.startsWith("start "));
    const ended = log.filter((line) => line.startsWith("end "));
    return {
      scaleIns: await changes(millrace, "down"),
      scaleOuts: await changes(millrace, "up"),
      tasks: jobs.length * 23,
      killed: begun.length - ended.length,
      charged: begun.filter((line) => line.split(" ")[4] !== "1").length,
      interrupted: await metric(millrace, "millrace_scale_interrupted_tasks_total"),
    };
  } finally {
    await millrace.close();
  }
}

function changes(millrace: FaultyMillrace, direction: "up" | "down"): Promise<number> {
  return metric(millrace, "millrace_scale_changes_total", `direction="${direction}"`);
}

/** Sum of a metric's series that have this label. */
export async function metric(millrace: FaultyMillrace, name: string, label = ""): Promise<number> {
  const text = await (await fetch(`${millrace.running.url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

if (import.meta.main) {
  const { values } = readArguments({
    command: "npm run scale:ins",
    about: "Starts and stops workers under load, and counts what that costs. Prints one line of JSON.",
    options: { count: { type: "string", default: "100", value: "N", about: "number of workers to stop" } },
  });
  console.log(JSON.stringify(await scaleIns(Number(values.count))));
}
