import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Far more than any lease or timeout, as when NTP corrects a clock after boot, or somebody sets it. */
const FARTHEST_MS = 10 * 60_000;

/** Simulates the clock of the machine on which a campaign's processes run. */
export interface MachineClock {
  readonly env: NodeJS.ProcessEnv;
  /** Sets the clock to a time up to ten minutes before or after the present. */
  set(): void;
}

export function machineClock(folder: string): MachineClock {
  const file = join(folder, "clock");
  const preload = join(import.meta.dirname, "..", "clocks", "preload.js");
  writeFileSync(file, "0");
  return {
    env: { CLOCK_FILE: file, NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` },
    set: () => writeFileSync(file, String(Math.round((Math.random() * 2 - 1) * FARTHEST_MS))),
  };
}
