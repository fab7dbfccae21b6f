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

/** Expired uploads deleted with each new one. */
const FORGET = 100;

/** Identifies an upload at a time: one that has expired or belongs to another owner does not exist. */
export interface UploadQuery {
  owner: string;
  id: string;
  now: number;
}

export type UploadRecords = ReturnType<typeof uploadRecords>;

/** Records of resumable uploads. */
export function uploadRecords({ db, batch }: Database<Tables>) {
  const find = async ({ owner, id, now }: UploadQuery): Promise<string | null> => {
    const query = db.selectFrom("uploads").select("body").where("id", "=", id).where("owner", "=", owner);
    return (await query.where("expires_at", ">", now).executeTakeFirst())?.body ?? null;
  };
  /** Compare-and-set: a writer that lost a race reads again. */
  const replace = async (before: string, upload: UploadRecord): Promise<boolean> => {
    const query = db
      .updateTable("uploads")
      .set({ body: JSON.stringify(upload), bytes: bytesOf(upload) })
      .where("id", "=", upload.id);
    const { numUpdatedRows } = await query.where(bodyText, "=", before).executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  };

  return {
    /** Records a new upload, and deletes some expired ones; repeating it changes nothing. */
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

    /** Adds parts, unless another request did so first. `missing`: as for `get`. */
    async append(query: UploadQuery, added: Append): Promise<Appended | { ok: false; reason: "missing" }> {
      for (;;) {
        const body = await find(query);
        if (body === null) return { ok: false, reason: "missing" };
        const upload = parse(body);
        const answer = append(upload, added);
        if (!answer.ok || answer.upload === upload || (await replace(body, answer.upload))) return answer;
      }
    },

    /** Records the file that a complete upload became. */
    async finish(query: UploadQuery, file: UploadedFile): Promise<void> {
      for (;;) {
        const body = await find(query);
        if (body === null || (await replace(body, { ...parse(body), file }))) return;
      }
    },

    /** Ids of an owner's uploads, including expired ones. */
    async ofOwner(owner: string, limit: number): Promise<string[]> {
      const rows = await db
        .selectFrom("uploads")
        .select("id")
        .where("owner", "=", owner)
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id);
    },

    /** Deletes an upload and returns its last state: nothing can be added to it any more. */
    async remove({ owner, id }: Omit<UploadQuery, "now">): Promise<UploadRecord | null> {
      const query = db.deleteFrom("uploads").where("id", "=", id).where("owner", "=", owner);
      const gone = await query.returning("body").executeTakeFirst();
      return gone ? parse(gone.body) : null;
    },
  };
}

/** PostgreSQL cannot compare `json` values, but it keeps their text unchanged, which it can. */
const bodyText = sql<string>`cast(body as text)`;

function bytesOf({ offset, length, direct }: UploadRecord): number {
  return direct ? (length ?? 0) : offset;
}

function parse(body: string): UploadRecord {
  return JSON.parse(body) as UploadRecord;
}
