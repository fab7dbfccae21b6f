import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  /** Resident. */
  mib: number;
  /** Of a processor. */
  seconds: number;
}

/** The processes of this machine, but those that have ended and that nobody has asked about yet. */
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
      // It ended while it was looked at.
    }
  }
  return found;
}

/** The processes that any of these has started. */
export function childrenOfAny(parents: readonly number[]): Process[] {
  return processes().filter(({ parent }) => parents.includes(parent));
}

/** These processes, and all that they have started. */
export function descendants(roots: readonly number[]): Process[] {
  const all = processes();
  const found = all.filter(({ pid }) => roots.includes(pid));
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}
