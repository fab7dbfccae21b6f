import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** As when NTP corrects a clock after a boot, or somebody sets it: by far more than any lease or patience. */
const FARTHEST_MS = 10 * 60_000;

/** The clock of the machine on which a campaign's processes believe they run. */
export interface MachineClock {
  readonly env: NodeJS.ProcessEnv;
  /** Sets it to a time up to ten minutes from the present, ahead or behind. */
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
