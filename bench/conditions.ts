import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem, type } from "node:os";

/** What a result depends on apart from the code. */
export interface Conditions {
  date: string;
  cores: number;
  cpu: string;
  memoryGiB: number;
  system: string;
  node: string;
  sqlite: string;
  /** One-minute load average before the first benchmark. */
  load: number;
  commit: string;
}

/** A higher load per core before a run comes from other work: 1.0 on a machine with two cores. */
const BUSY_LOAD_PER_CORE = 0.5;

export function conditions(): Conditions {
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.versions.node,
    sqlite: process.versions.sqlite ?? "unknown",
    load: Math.round(loadavg()[0]! * 10) / 10,
    commit: output("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown",
  };
}

/** The first line a program prints; `null` if it is not installed. */
export function output(program: string, args: string[]): string | null {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .split("\n")[0]!
      .trim();
  } catch {
    return null;
  }
}

export function describe(found: Conditions): string {
  const { cores, cpu, memoryGiB, system, node, sqlite, date, commit, load } = found;
  const busy =
    load > cores * BUSY_LOAD_PER_CORE
      ? " **The machine was busy with other work: trust the ratios only.**"
      : "";
  return (
    `Measured on ${date} at commit ${commit}: ${cores} cores (${cpu}), ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}, SQLite ${sqlite}; load average before the run ${load}.${busy}`
  );
}
