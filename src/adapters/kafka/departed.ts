import type { Admin } from "@platformatic/kafka";
import { hasEnded, processName } from "../../database/process-names.ts";

/**
 * Kafka expects a silently dead member until its session times out, and every rebalance waits for it. Client ids name
 * the member's process, so that the next one to join from the same machine can remove dead members at once.
 */
export function memberName(clientId: string): string {
  const name = processName();
  return name === null ? clientId : `${clientId}-${name}`;
}

/** Removes members whose processes have exited; where that is unknown, their sessions have to time out. */
export async function removeDeparted(admin: Admin, group: string): Promise<void> {
  try {
    const members = (await admin.describeGroups({ groups: [group] })).get(group)?.members.values() ?? [];
    const departed = [...members].filter((member) => hasEnded(member.clientId));
    if (departed.length === 0) return;
    const removals = departed.map(({ id }) => ({ memberId: id, reason: "its process has ended" }));
    await admin.removeMembersFromConsumerGroup({ groupId: group, members: removals });
  } catch {
    // Not permitted, or another process was faster.
  }
}
