import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Admin } from "@platformatic/kafka";

/**
 * Kafka counts on a member that died without a word until its session has passed, and every rebalance waits
 * for it. Members say in their client ids of which process they are, so that whoever joins next from the same
 * machine can take the dead ones out at once.
 */
export function memberName(clientId: string): string {
  return here ? [clientId, here, process.pid, startOf(process.pid)].join("-") : clientId;
}

/** Takes members whose processes have ended out of the group; what cannot be told is left to their sessions. */
export async function removeDeparted(admin: Admin, group: string): Promise<void> {
  try {
    const members = (await admin.describeGroups({ groups: [group] })).get(group)?.members.values() ?? [];
    const departed = [...members].filter((member) => hasEnded(member.clientId));
    if (departed.length === 0) return;
    const removals = departed.map(({ id }) => ({ memberId: id, reason: "its process has ended" }));
    await admin.removeMembersFromConsumerGroup({ groupId: group, members: removals });
  } catch {
    // Not permitted, or somebody else was faster.
  }
}

/** Within what a process id names a process: this start of this machine, or this container. `null` if unknown. */
const here = ((): string | null => {
  try {
    // A container may see the processes of the machine around it.
    if (readlinkSync("/proc/self") !== String(process.pid)) return null;
    const machine = `${hostname()} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8")}`;
    const container = readlinkSync("/proc/self/ns/pid");
    return createHash("sha256").update(`${machine}${container}`).digest("hex").slice(0, 12);
  } catch {
    return null;
  }
})();

function hasEnded(clientId: string): boolean {
  const [, machineId, id, start] = /-([0-9a-f]{12})-(\d+)-(\d+)$/.exec(clientId) ?? [];
  if (machineId === undefined || machineId !== here) return false;
  const known = startOf(Number(id));
  return known === null ? !isThere(Number(id)) : known !== start;
}

/** When a process began, in ticks since the machine did, which no later one with its id has; `null` if unknown. */
function startOf(pid: number): string | null {
  try {
    // Before the last ")" is its name, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)!.split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19]!;
  } catch {
    return null;
  }
}

/** Processes of other users may be hidden, and are there all the same. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
