// Loaded before everything else. Simulates a machine whose clock is off by CLOCK_AHEAD_MS, or by what the file
// CLOCK_FILE currently says, as if somebody set it.
import { readFileSync } from "node:fs";

const LOOK_MS = 20;
const file = process.env.CLOCK_FILE;
const { now } = Date;
let ahead = Number(process.env.CLOCK_AHEAD_MS ?? 0);
let lookedAt = Number.NEGATIVE_INFINITY;

Date.now = () => {
  if (file && performance.now() - lookedAt > LOOK_MS) {
    lookedAt = performance.now();
    ahead = Number(readFileSync(file, "utf8"));
  }
  return now() + ahead;
};
