import type { AnySchedules } from "../../client/index.ts";
import { usageError } from "../output.ts";

const WHOLE = 36;

/** The schedule that an id, or the first letters of one, stands for. */
export async function scheduleIdOf(schedules: AnySchedules, given: string): Promise<string> {
  if (given.length >= WHOLE || !/^[0-9a-f-]+$/.test(given)) return given;
  // Ids are sorted: those that begin like this come right after it.
  const { items } = await schedules.list({ cursor: given, limit: 2 });
  const fitting = items.filter(({ id }) => id.startsWith(given));
  if (fitting.length > 1) throw usageError(`Several schedules begin with ${given}: give more of the id.`);
  return fitting[0]?.id ?? given;
}
