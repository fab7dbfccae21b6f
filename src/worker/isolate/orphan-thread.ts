import { workerData } from "node:worker_threads";

const LOOK_MS = 500;

/** Kills a step process, and everything it started, once its worker has ended. */
const { parent } = workerData as { parent: number };
setInterval(() => {
  if (process.ppid !== parent) process.kill(-process.pid, "SIGKILL");
}, LOOK_MS);
