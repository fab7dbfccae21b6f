import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Names that identify the process that owns a record, so that others on the same machine can tell at once when it has
 * died silently. If they cannot tell, they have to wait for a timeout.
 */

/** Name of this process: its machine and container, its id and its start time. `null` if unknown. */
export function processName(): string | null {
  return here ? [here, process.pid, startOf(process.pid)].join("-") : null;
}

/** Whether the process at the end of a name has exited; `false` if that cannot be determined from here. */
export function hasEnded(name: string): boolean {
  const [, machine, id, start] = /-([0-9a-f]{12})-(\d+)-(\d+)$/.exec(name) ?? [];
  if (machine === undefined || machine !== here) return false;
  const known = startOf(Number(id));
  return known === null ? !isThere(Number(id)) : known !== start;
}

/** The scope in which a process id is unique: this boot of this machine, or this container. `null` if unknown. */
const here = ((): string | null => {
  try {
    // A container may see the host's processes.
    if (readlinkSync("/proc/self") !== String(process.pid)) return null;
    const machine = `${hostname()} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8")}`;
    const container = readlinkSync("/proc/self/ns/pid");
    return createHash("sha256").update(`${machine}${container}`).digest("hex").slice(0, 12);
  } catch {
    return null;
  }
})();

/**
 * When a process started, in ticks since boot: no later process with the same id has the same value. `null` if unknown.
 */
function startOf(pid: number): string | null {
  try {
    // The name before the last ")" may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19]!;
  } catch {
    return null;
  }
}

/** Processes of other users may be hidden but still exist. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
