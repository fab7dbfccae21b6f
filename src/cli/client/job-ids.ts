import type { Client } from "../../client/index.ts";
import { usageError } from "../output.ts";

const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Resolves a job's id or a prefix of it. */
export async function jobIdOf(server: Client, given: string): Promise<string> {
  if (given.length >= LAST.length || !isPrefix(given)) return given;
  // Ids are sorted, so the matching ones come right before the last id with this prefix.
  const { items } = await server.jobs({ cursor: given + LAST.slice(given.length), limit: 2 });
  const fitting = items.filter(({ id }) => id.startsWith(given));
  if (fitting.length > 1) throw usageError(`Several jobs start with ${given}. Enter more of the id.`);
  return fitting[0]?.id ?? given;
}

function isPrefix(given: string): boolean {
  return /^[0-9a-f-]+$/.test(given) && [...given].every((char, at) => (char === "-") === (LAST[at] === "-"));
}
