import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { clock } from "./clock-log.ts";

export interface HoldStart {
  key: string;
  pid: number;
  /** By the shared clock. */
  at: number;
}

const HOLD_MS = 1_000;

/** A step that records where and when it started, and then takes a second. */
export async function hold(key: string, signal?: AbortSignal): Promise<void> {
  appendFileSync(process.env.BENCH_HOLD_LOG!, `${key} ${process.pid} ${clock()}\n`);
  await sleep(HOLD_MS, undefined, { signal });
}

export function readHolds(file: string): HoldStart[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => {
    const [key, pid, at] = line.split(" ");
    return { key: key!, pid: Number(pid), at: Number(at) };
  });
}
