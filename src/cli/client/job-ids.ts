import type { Client } from "../../client/index.ts";
import { usageError } from "../output.ts";

const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** The job that an id, or the first letters of one, stands for. */
export async function jobIdOf(server: Client, given: string): Promise<string> {
  if (given.length >= LAST.length || !isPrefix(given)) return given;
  // Ids are sorted: those that begin like this come right before the last that could.
  const { items } = await server.jobs({ cursor: given + LAST.slice(given.length), limit: 2 });
  const fitting = items.filter(({ id }) => id.startsWith(given));
  if (fitting.length > 1) throw usageError(`Several jobs begin with ${given}: give more of the id.`);
  return fitting[0]?.id ?? given;
}

function isPrefix(given: string): boolean {
  return /^[0-9a-f-]+$/.test(given) && [...given].every((char, at) => (char === "-") === (LAST[at] === "-"));
}
