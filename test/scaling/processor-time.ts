import { readdirSync, readFileSync } from "node:fs";

/** Which part of an installation a process is. */
export type Part = "api" | "worker" | "supervisor with writer" | "database" | "broker";

/** Milliseconds of processor time that the descendants of a process have used, by part. */
export function processorTime(root: number): Map<Part, number> {
  const processes = new Map<number, { parent: number; ms: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = read(`/proc/${entry}/stat`);
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 16) continue;
    // Own time, and that of children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    processes.set(Number(entry), { parent: Number(fields[1]), ms: ticks * MS_PER_TICK });
  }
  const times = new Map<Part, number>();
  for (const [pid, { ms }] of processes) {
    let ancestor: number | undefined = pid;
    while (ancestor !== undefined && ancestor !== root) ancestor = processes.get(ancestor)?.parent;
    const part = ancestor === root && pid !== root ? partOf(pid, processes) : null;
    if (part) times.set(part, (times.get(part) ?? 0) + ms);
  }
  return times;
}

/** Linux counts in hundredths of a second everywhere. */
const MS_PER_TICK = 10;

function partOf(pid: number, processes: ReadonlyMap<number, { parent: number }>): Part | null {
  const words = read(`/proc/${pid}/cmdline`);
  if (/millrace\.js\0start/.test(words)) return "supervisor with writer";
  if (/(millrace\.js|host\.ts)\0api/.test(words)) return "api";
  if (/(millrace\.js|host\.ts)\0worker/.test(words)) return "worker";
  if (/redis-server|beam\.smp|kafka\.Kafka|elasticmq/.test(words)) return "broker";
  // PostgreSQL's processes rename themselves.
  if (/postgres/.test(words)) return "database";
  const parent = processes.get(pid)?.parent;
  return parent !== undefined && /postgres/.test(read(`/proc/${parent}/cmdline`)) ? "database" : null;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It ended while it was looked at.
    return "";
  }
}
