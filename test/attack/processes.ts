import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  /** Resident memory. */
  mib: number;
  /** CPU time. */
  seconds: number;
}

/** All processes on this machine except zombies. */
function processes(): Process[] {
  const found: Process[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z") continue;
      const pages = Number(readFileSync(`/proc/${entry}/statm`, "latin1").split(" ")[1]);
      const seconds = (Number(fields[11]) + Number(fields[12])) / 100;
      found.push({ pid: Number(entry), parent: Number(fields[1]), mib: (pages * 4_096) / 2 ** 20, seconds });
    } catch {
      // The process ended while we were reading.
    }
  }
  return found;
}

/** The direct children of any of these processes. */
export function childrenOfAny(parents: readonly number[]): Process[] {
  return processes().filter(({ parent }) => parents.includes(parent));
}

/** These processes and all their descendants. */
export function descendants(roots: readonly number[]): Process[] {
  const all = processes();
  const found = all.filter(({ pid }) => roots.includes(pid));
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}
