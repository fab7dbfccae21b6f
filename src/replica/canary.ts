import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "../domain/ids.ts";
import type { ReplicaMap, ReplicaSet } from "./maps.ts";
import type { Replica } from "./replica.ts";

const EVERY_MS = 5_000;
/** A process silent for this long counts as gone. */
const PRESENT_MS = 15_000;
/** How long canary revocations are kept. */
const REVOKED_MS = 60_000;
/** How long announcing its end may delay a process's shutdown. */
const LEAVE_MS = 1_000;
/** Cap on the measured seconds. */
export const LONGEST_SECONDS = 30;

export interface CanaryParts {
  replica: Pick<Replica, "commit">;
  revoked: ReplicaSet;
  /** Running processes, by id. */
  processes: ReplicaMap<true>;
  self: string;
  /** The store's clock. */
  now(): number;
  /** Reports how long it took until this process rejected what it had revoked. */
  onSeconds(seconds: number): void;
}

/**
 * Every 5 s a process revokes a token of its own and measures how long its own check takes to reject it. It learns of
 * the revocation like every other process: from the bus, or from the log.
 */
export function startCanary(parts: CanaryParts): { look(): Promise<void>; close(): Promise<void> } {
  const { replica, revoked, processes, self, now, onSeconds } = parts;
  let looking: Promise<void> | null = null;
  let stop: (() => void) | null = null;

  async function look(): Promise<void> {
    const token = newId();
    const startedAt = performance.now();
    const refused = Promise.withResolvers<void>();
    const ignore = revoked.onChange(() => {
      if (revoked.has(token)) refused.resolve();
    });
    const late = setTimeout(refused.resolve, LONGEST_SECONDS * 1_000);
    stop = refused.resolve;
    try {
      await replica.commit(
        [revoked.add(token, now() + REVOKED_MS), processes.set(self, true, now() + PRESENT_MS)],
        [],
        { asOthers: true },
      );
      await refused.promise;
    } catch {
      // While the store is down, nothing is revoked; the age of the maps shows the outage.
      return;
    } finally {
      clearTimeout(late);
      ignore();
    }
    if (stop !== null) onSeconds((performance.now() - startedAt) / 1_000);
  }

  const start = () => {
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  };
  const timer = setInterval(start, EVERY_MS).unref();

  return {
    look: start,
    async close() {
      clearInterval(timer);
      stop?.();
      stop = null;
      const leave = async () => {
        await looking;
        await replica.commit([processes.remove(self)]);
      };
      // If the store does not answer, the entry expires by itself.
      await Promise.race([leave().catch(() => {}), sleep(LEAVE_MS, undefined, { ref: false })]);
    },
  };
}
