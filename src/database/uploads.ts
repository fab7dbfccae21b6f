import { sql } from "kysely";
import {
  type Append,
  type Appended,
  append,
  type UploadedFile,
  type UploadRecord,
} from "../domain/uploads.ts";
import type { Database } from "../ports/database.ts";
import type { Tables } from "./tables.ts";

/** Expired uploads that a new one forgets. */
const FORGET = 100;

/** Whose upload, and when: one that has expired, or is another owner's, is not there. */
export interface UploadQuery {
  owner: string;
  id: string;
  now: number;
}

export type UploadRecords = ReturnType<typeof uploadRecords>;

/** The records of resumable uploads. */
export function uploadRecords({ db, batch }: Database<Tables>) {
  const find = async ({ owner, id, now }: UploadQuery): Promise<string | null> => {
    const query = db.selectFrom("uploads").select("body").where("id", "=", id).where("owner", "=", owner);
    return (await query.where("expires_at", ">", now).executeTakeFirst())?.body ?? null;
  };
  /** Only whoever knows its present state may change it; the loser reads again. */
  const replace = async (before: string, upload: UploadRecord): Promise<boolean> => {
    const query = db
      .updateTable("uploads")
      .set({ body: JSON.stringify(upload), bytes: bytesOf(upload) })
      .where("id", "=", upload.id);
    const { numUpdatedRows } = await query.where(bodyText, "=", before).executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  };

  return {
    /** Records a new upload; repeating it changes nothing. Forgets some that have expired. */
    async create(upload: UploadRecord, now: number): Promise<void> {
      const { id, owner, expiresAt } = upload;
      const expired = db.selectFrom("uploads").select("id").where("expires_at", "<=", now).limit(FORGET);
      const row = { id, owner, expires_at: expiresAt, bytes: bytesOf(upload), body: JSON.stringify(upload) };
      await batch([
        db.deleteFrom("uploads").where("id", "in", expired),
        db
          .insertInto("uploads")
          .values(row)
          .onConflict((taken) => taken.doNothing()),
      ]);
    },

    async get(query: UploadQuery): Promise<UploadRecord | null> {
      const body = await find(query);
      return body === null ? null : parse(body);
    },

    /** Adds parts, unless somebody else did so first. `missing`: as for `get`. */
    async append(query: UploadQuery, added: Append): Promise<Appended | { ok: false; reason: "missing" }> {
      for (;;) {
        const body = await find(query);
        if (body === null) return { ok: false, reason: "missing" };
        const upload = parse(body);
        const answer = append(upload, added);
        if (!answer.ok || answer.upload === upload || (await replace(body, answer.upload))) return answer;
      }
    },

    /** Notes the file that a complete upload became. */
    async finish(query: UploadQuery, file: UploadedFile): Promise<void> {
      for (;;) {
        const body = await find(query);
        if (body === null || (await replace(body, { ...parse(body), file }))) return;
      }
    },

    /** Ids of an owner's uploads, expired ones among them. */
    async ofOwner(owner: string, limit: number): Promise<string[]> {
      const rows = await db
        .selectFrom("uploads")
        .select("id")
        .where("owner", "=", owner)
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Forgets it, and gives what there was at that moment: nothing is added to it any more. */
    async remove({ owner, id }: Omit<UploadQuery, "now">): Promise<UploadRecord | null> {
      const query = db.deleteFrom("uploads").where("id", "=", id).where("owner", "=", owner);
      const gone = await query.returning("body").executeTakeFirst();
      return gone ? parse(gone.body) : null;
    },
  };
}

/** PostgreSQL compares no `json`, but its text, which it keeps as it came. */
const bodyText = sql<string>`cast(body as text)`;

function bytesOf({ offset, length, direct }: UploadRecord): number {
  return direct ? (length ?? 0) : offset;
}

function parse(body: string): UploadRecord {
  return JSON.parse(body) as UploadRecord;
}
