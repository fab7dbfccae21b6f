import { setTimeout as pause } from "node:timers/promises";
import type { Run } from "./workload.ts";

/** Waits without using CPU, as for a remote model. */
export const sleep: Run = async (_, { amount }, signal) => {
  await pause(amount, undefined, { signal });
  return "slept";
};
