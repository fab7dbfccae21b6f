import type { StepLog } from "../../pipeline/context.ts";

/**
 * Why a message was dropped: it does not fit its schema (`malformed`), has no tag (`unsigned`) or one that our key did
 * not make (`forged`), was received before (`replayed`), or is too old (`stale`).
 */
export const DROP_REASONS = ["malformed", "unsigned", "forged", "replayed", "stale"] as const;
export type DropReason = (typeof DROP_REASONS)[number];
export const DROP_SOURCES = ["bus", "broker"] as const;
export type DropSource = (typeof DROP_SOURCES)[number];

/** Dropped messages of one kind. */
export interface Dropped {
  source: DropSource;
  reason: DropReason;
  count: number;
}

/** Counts dropped messages, and logs the first of each kind: a flood of messages must not flood the log. */
export interface Drops {
  /** @param where the topic or the queue, for the log */
  add(source: DropSource, reason: DropReason, where: string): void;
  /** The counts since the last call. */
  take(): Dropped[];
}

export function countDrops(log?: Pick<StepLog, "warn">): Drops {
  const logged = new Set<string>();
  let counts = new Map<string, Dropped>();
  return {
    add(source, reason, where) {
      const kind = `${source} ${reason}`;
      const known = counts.get(kind);
      if (known) known.count++;
      else counts.set(kind, { source, reason, count: 1 });
      if (logged.has(kind)) return;
      logged.add(kind);
      log?.warn(
        `a message on the ${source} was dropped; further ones of this kind are counted but not logged`,
        {
          reason,
          where,
        },
      );
    },
    take() {
      const taken = [...counts.values()];
      counts = new Map();
      return taken;
    },
  };
}
