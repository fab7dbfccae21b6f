import { parseTaskId } from "../../domain/ids.ts";
import type { Signer } from "../../domain/keys.ts";
import type { TaskDelivery } from "../../domain/records.ts";
import type { Delivery, Message } from "../../ports/broker.ts";
import type { DropReason } from "./drops.ts";

/** The payload of a delivery: which task may be claimed. The store decides whether it can be. */
export interface Hint {
  taskId: string;
  generation: number;
}

const MAX_PAYLOAD_CHARACTERS = 1_000;

/**
 * Replaying a hint is harmless, because its generation is claimed only once, so it carries no time. Its tag binds it to
 * its queue, because a queue is a step. `signer` is `null` for the embedded broker, which nobody else can reach.
 */
export function hints(signer: Signer | null) {
  const bound = (queue: string, { taskId, generation }: Hint) => `${queue}\n${taskId}\n${generation}`;
  return {
    message({ queue, taskId, generation }: TaskDelivery): Message {
      const hint: Hint = { taskId, generation };
      const tag = signer?.sign(bound(queue, hint));
      return { id: `${taskId}/${generation}`, payload: JSON.stringify({ ...hint, tag }) };
    },

    /**
     * The hint of a delivery, or why it is invalid. A delivery that came with its claim is trusted, because it comes
     * from the store.
     */
    read({ payload, queue, claim }: Pick<Delivery, "payload" | "queue" | "claim">): Hint | DropReason {
      const given = parse(payload);
      if (!given) return "malformed";
      const { tag, ...hint } = given;
      if (!signer || claim) return hint;
      if (tag === undefined) return "unsigned";
      return signer.verify(bound(queue, hint), tag) ? hint : "forged";
    },
  };
}

export type Hints = ReturnType<typeof hints>;

function parse(payload: string): (Hint & { tag?: string }) | null {
  if (payload.length > MAX_PAYLOAD_CHARACTERS) return null;
  try {
    const { taskId, generation, tag } = JSON.parse(payload) as Record<string, unknown>;
    if (typeof taskId !== "string" || !parseTaskId(taskId)) return null;
    if (!Number.isSafeInteger(generation) || (generation as number) < 0) return null;
    if (tag !== undefined && typeof tag !== "string") return null;
    return { taskId, generation: generation as number, ...(tag !== undefined && { tag }) };
  } catch {
    return null;
  }
}
