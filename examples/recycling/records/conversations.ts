import type { Records } from "./open.ts";

export interface Conversation {
  id: string;
  title: string;
  region: string;
  language: string;
  updatedAt: number;
}

export interface Turn {
  number: number;
  question: string;
  jobId: string;
  answer: string | null;
  failed: boolean;
}

/** Number of a user's newest conversations in a list. */
const LISTED = 50;

export async function createConversation(
  database: Records,
  owner: string,
  { updatedAt, ...conversation }: Conversation,
): Promise<void> {
  const row = { ...conversation, owner, created_at: updatedAt, updated_at: updatedAt };
  await database.insertInto("conversations").values(row).execute();
}

export async function conversationsOf(database: Records, owner: string): Promise<Conversation[]> {
  const rows = await database
    .selectFrom("conversations")
    .select(["id", "title", "region", "language", "updated_at as updatedAt"])
    .where("owner", "=", owner)
    .orderBy("updated_at", "desc")
    .limit(LISTED)
    .execute();
  return rows;
}

/** `undefined` if it does not exist or belongs to another user. */
export async function conversation(
  database: Records,
  owner: string,
  id: string,
): Promise<Conversation | undefined> {
  return database
    .selectFrom("conversations")
    .select(["id", "title", "region", "language", "updated_at as updatedAt"])
    .where("owner", "=", owner)
    .where("id", "=", id)
    .executeTakeFirst();
}

export async function turnsOf(database: Records, conversationId: string): Promise<Turn[]> {
  const rows = await database
    .selectFrom("turns")
    .select(["number", "question", "job_id as jobId", "answer", "failed"])
    .where("conversation_id", "=", conversationId)
    .orderBy("number")
    .execute();
  return rows.map(({ failed, ...row }) => ({ ...row, failed: failed === 1 }));
}

/** @returns `false` if another request has already added a turn with this number */
export async function addTurn(
  database: Records,
  conversationId: string,
  turn: Pick<Turn, "number" | "question" | "jobId"> & { askedAt: number },
): Promise<boolean> {
  const { number, question, jobId, askedAt } = turn;
  const row = { number, question, job_id: jobId, asked_at: askedAt };
  const added = await database
    .insertInto("turns")
    .values({ conversation_id: conversationId, answer: null, failed: 0, ...row })
    .onConflict((conflict) => conflict.columns(["conversation_id", "number"]).doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows !== 1n) return false;
  await database
    .updateTable("conversations")
    .set({ updated_at: askedAt })
    .where("id", "=", conversationId)
    .execute();
  return true;
}

export async function endTurn(database: Records, jobId: string, answer: string | null): Promise<void> {
  await database
    .updateTable("turns")
    .set({ answer, failed: answer === null ? 1 : 0 })
    .where("job_id", "=", jobId)
    .where("answer", "is", null)
    .execute();
}

export async function removeConversation(database: Records, owner: string, id: string): Promise<boolean> {
  const removed = await database
    .deleteFrom("conversations")
    .where("owner", "=", owner)
    .where("id", "=", id)
    .executeTakeFirst();
  if (removed.numDeletedRows !== 1n) return false;
  await database.deleteFrom("turns").where("conversation_id", "=", id).execute();
  return true;
}
