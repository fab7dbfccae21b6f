import { readdirSync, readFileSync } from "node:fs";

/** The part of an installation that a process belongs to. */
export type Part = "api" | "worker" | "supervisor with writer" | "database" | "broker";

/** CPU time that the descendants of a process have used, in ms by part. */
export function processorTime(root: number): Map<Part, number> {
  const processes = new Map<number, { parent: number; ms: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = read(`/proc/${entry}/stat`);
    // The process name, in parentheses, may contain anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields.length < 16) continue;
    // Includes the time of children that have ended.
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

/** Linux reports CPU time in hundredths of a second on all platforms. */
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
    // The process ended while we were reading.
    return "";
  }
}
