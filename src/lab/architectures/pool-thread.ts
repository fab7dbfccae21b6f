import { workerData } from "node:worker_threads";
import { prepare, work } from "../workloads/work.ts";
import type { Worked, WorkFile, WorkSettings } from "../workloads/workload.ts";

const settings = workerData as WorkSettings;
await prepare(settings);

/** Does the work of one request in a thread of V1's API. */
export default function run({ name, data, mediaType }: WorkFile): Promise<Worked> {
  // Buffers become plain arrays when sent to a thread.
  return work(settings, { name, data: Buffer.from(data), mediaType });
}
