import { type EachContext, PermanentError } from "millrace";
import { type Character, characters, DEFAULT_CHARACTER, defaults } from "../catalog.ts";
import { owns } from "../records/grants.ts";
import { records } from "../records/open.ts";
import { materialOf } from "../taxonomy.ts";
import type { Answered } from "./answer.ts";
import { grants } from "./grant.ts";
import type { ScanOptions } from "./options.ts";

export type Rewarded = Answered & {
  /** `unconfirmed`: nobody has confirmed what it is, so there is no reward yet. */
  reward: { state: "new" | "owned" | "unconfirmed"; character: Character | null };
};

/**
 * Decides the reward and lets another job record it, without waiting. Two scans within the few seconds of a batch may
 * both return `new`, but the character is granted once.
 */
export async function reward(ctx: EachContext<ScanOptions, Answered>): Promise<Rewarded> {
  const { item } = ctx.previous.seen;
  if (item === null) return { ...ctx.previous, reward: { state: "unconfirmed", character: null } };
  const material = materialOf(item);
  const character =
    (await ctx.lookup(characters, material)) ?? (await ctx.lookup(defaults, DEFAULT_CHARACTER));
  if (!character) throw new PermanentError("no_character", "The catalog has no default character.");
  const isOwned = await owns(await records(), ctx.owner, character.id);
  if (!isOwned) {
    await ctx.submit("grant", grants, {
      items: [{ name: character.id, data: { character: character.id, material } }],
    });
  }
  return { ...ctx.previous, reward: { state: isOwned ? "owned" : "new", character } };
}
