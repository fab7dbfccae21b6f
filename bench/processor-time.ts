import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Linux reports CPU time in hundredths of a second on all platforms. */
const MS_PER_TICK = 10;

/** CPU time in ms by process id; processes that have ended are missing. */
export type ProcessorTime = ReadonlyMap<number, number>;

export function processorTime(pids: readonly number[]): ProcessorTime {
  return new Map(
    pids.flatMap((pid) => {
      const stat = read(`/proc/${pid}/stat`);
      // The process name, in parentheses, may contain anything.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields.length < 16 ? [] : [[pid, (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK]];
    }),
  );
}

/** CPU time used between two samples, in ms. */
export function used(before: ProcessorTime, after: ProcessorTime): number {
  let sum = 0;
  for (const [pid, ms] of after) sum += ms - (before.get(pid) ?? 0);
  return sum;
}

/** PostgreSQL processes that serve a database; their titles contain its name. */
export function backendsOf(database: string): number[] {
  return pids().filter(
    (pid) =>
      read(`/proc/${pid}/cmdline`).startsWith("postgres:") &&
      read(`/proc/${pid}/cmdline`).includes(` ${database} `),
  );
}

/** The process that listens on a local port; empty if there is none that we may inspect. */
export function listenerOn(port: number): number[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["tcp", "tcp6"].flatMap((table) => read(`/proc/net/${table}`).split("\n").slice(1));
  const inodes = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
  if (inodes.length === 0) return [];
  return pids().filter((pid) => descriptorsOf(pid).some((link) => inodes.includes(link)));
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function descriptorsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended, or we may not read it.
    return "";
  }
}
