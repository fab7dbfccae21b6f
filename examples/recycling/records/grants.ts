import type { Records } from "./open.ts";

export interface Grant {
  /** Id of the requesting job. */
  grantId: string;
  owner: string;
  character: string;
  material: string;
}

export interface OwnedCharacter {
  character: string;
  material: string;
  grantedAt: number;
}

/**
 * Grants characters in one transaction, with one statement for ownership and one for the history. Safe to repeat in
 * whole or in part: a user owns a character once, and a grant is in the history once.
 * @returns for each grant, whether the character is new to its user
 */
export async function grantAll(
  database: Records,
  grants: readonly Grant[],
  at: number,
): Promise<("new" | "owned")[]> {
  return database.transaction().execute(async (transaction) => {
    await transaction
      .insertInto("user_characters")
      .values(
        firstOfEach(grants).map(({ owner, character, material, grantId }) => ({
          ...{ owner, character, material, grant_id: grantId, granted_at: at },
        })),
      )
      .onConflict((conflict) => conflict.columns(["owner", "character"]).doNothing())
      .execute();
    const holders = await transaction
      .selectFrom("user_characters")
      .select("grant_id")
      .where(
        "grant_id",
        "in",
        grants.map(({ grantId }) => grantId),
      )
      .execute();
    // A row names the grant that created it, so repeating that grant still counts as new.
    const made = new Set(holders.map(({ grant_id }) => grant_id));
    const outcomes = grants.map(({ grantId }) => (made.has(grantId) ? ("new" as const) : ("owned" as const)));
    await transaction
      .insertInto("grant_history")
      .values(
        grants.map(({ grantId, owner, character }, n) => ({
          ...{ grant_id: grantId, owner, character, outcome: outcomes[n]!, at },
        })),
      )
      .onConflict((conflict) => conflict.column("grant_id").doNothing())
      .execute();
    return outcomes;
  });
}

/** PostgreSQL rejects a statement that would insert the same key twice. */
function firstOfEach(grants: readonly Grant[]): Grant[] {
  const byKey = new Map<string, Grant>();
  for (const grant of grants) {
    const key = `${grant.owner}\n${grant.character}`;
    if (!byKey.has(key)) byKey.set(key, grant);
  }
  // Sorted, so that two batches lock rows in the same order and cannot deadlock.
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, grant]) => grant);
}

export async function owns(database: Records, owner: string, character: string): Promise<boolean> {
  const row = await database
    .selectFrom("user_characters")
    .select("owner")
    .where("owner", "=", owner)
    .where("character", "=", character)
    .executeTakeFirst();
  return row !== undefined;
}

export async function charactersOf(database: Records, owner: string): Promise<OwnedCharacter[]> {
  const rows = await database
    .selectFrom("user_characters")
    .select(["character", "material", "granted_at"])
    .where("owner", "=", owner)
    .orderBy("granted_at")
    .orderBy("character")
    .execute();
  return rows.map(({ granted_at, ...row }) => ({ ...row, grantedAt: granted_at }));
}
