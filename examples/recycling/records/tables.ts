import { type Kysely, sql } from "kysely";

/** One row per user and owned character. */
interface UserCharacters {
  owner: string;
  character: string;
  material: string;
  /** Id of the granting job. */
  grant_id: string;
  granted_at: number;
}

/** One row per requested grant, even if the user already had the character. */
interface GrantHistory {
  grant_id: string;
  owner: string;
  character: string;
  outcome: "new" | "owned";
  at: number;
}

interface Conversations {
  id: string;
  owner: string;
  title: string;
  region: string;
  language: string;
  created_at: number;
  updated_at: number;
}

/** A question and its answer. `answer` is `null` until the job has ended. */
interface Turns {
  conversation_id: string;
  number: number;
  question: string;
  job_id: string;
  answer: string | null;
  /** Whether the job failed, so that there is no answer. */
  failed: number;
  asked_at: number;
}

export interface Tables {
  user_characters: UserCharacters;
  grant_history: GrantHistory;
  conversations: Conversations;
  turns: Turns;
}

/** Works for SQLite and PostgreSQL. Safe to repeat, because every process runs it when it opens the records. */
export async function createTables(database: Kysely<Tables>): Promise<void> {
  const { schema } = database;
  await schema
    .createTable("user_characters")
    .ifNotExists()
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("character", "text", (column) => column.notNull())
    .addColumn("material", "text", (column) => column.notNull())
    .addColumn("grant_id", "text", (column) => column.notNull())
    .addColumn("granted_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("user_characters_key", ["owner", "character"])
    .execute();
  await schema
    .createTable("grant_history")
    .ifNotExists()
    .addColumn("grant_id", "text", (column) => column.primaryKey())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("character", "text", (column) => column.notNull())
    .addColumn("outcome", "text", (column) => column.notNull())
    .addColumn("at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("conversations")
    .ifNotExists()
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("title", "text", (column) => column.notNull())
    .addColumn("region", "text", (column) => column.notNull())
    .addColumn("language", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("turns")
    .ifNotExists()
    .addColumn("conversation_id", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("question", "text", (column) => column.notNull())
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("answer", "text")
    .addColumn("failed", "integer", (column) => column.notNull().defaultTo(sql`0`))
    .addColumn("asked_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("turns_key", ["conversation_id", "number"])
    .execute();
  await schema
    .createIndex("conversations_of_owner")
    .ifNotExists()
    .on("conversations")
    .columns(["owner", "updated_at"])
    .execute();
}
