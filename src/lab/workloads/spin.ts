import { pbkdf2Sync } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import type { Run } from "./workload.ts";

/** Takes a few ms. The process serves connections between slices. */
const ITERATIONS = 5_000;

/** Computes a fixed amount, however long that takes. */
export const spin: Run = async (_, { amount }, signal) => {
  let key = Buffer.from("millrace");
  for (let slice = 0; slice < amount; slice++) {
    signal.throwIfAborted();
    key = pbkdf2Sync(key, "study", ITERATIONS, 32, "sha256");
    await turn();
  }
  return key.toString("hex");
};
