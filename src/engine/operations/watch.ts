import type { OperationRecord } from "../../domain/operations.ts";
import type { Actions } from "./act.ts";

/** Checks the outcome of some replayed tasks, and of others next time. */
export async function watch(acting: Actions, operation: OperationRecord, most: number): Promise<void> {
  const looked = operation.watched.slice(0, most);
  const outcomes = await Promise.all(looked.map((begun) => acting.outcome(begun)));
  operation.returned += outcomes.filter((outcome) => outcome === "again").length;
  const open = looked.filter((_, n) => outcomes[n] === "open");
  operation.watched = [...operation.watched.slice(most), ...open];
}

/** In a canary, one recurrence stops the operation; later ones may recur `stopAfter` times. */
export function isStoppedBy({ state, stopAfter, returned }: OperationRecord): boolean {
  if (stopAfter === 0) return false;
  return returned >= (state === "canary" ? 1 : stopAfter);
}
