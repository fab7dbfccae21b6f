import type { AnySchedules } from "../../client/index.ts";
import { usageError } from "../output.ts";

const WHOLE = 36;

/** Resolves a schedule's id or a prefix of it. */
export async function scheduleIdOf(schedules: AnySchedules, given: string): Promise<string> {
  if (given.length >= WHOLE || !/^[0-9a-f-]+$/.test(given)) return given;
  // Ids are sorted, so the matching ones come right after the prefix.
  const { items } = await schedules.list({ cursor: given, limit: 2 });
  const fitting = items.filter(({ id }) => id.startsWith(given));
  if (fitting.length > 1) throw usageError(`Several schedules start with ${given}. Enter more of the id.`);
  return fitting[0]?.id ?? given;
}
