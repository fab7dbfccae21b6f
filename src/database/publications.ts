import type { Database } from "../ports/database.ts";
import type { PublicationRow, Tables } from "./tables.ts";

/** A file with a public URL. */
export interface PublicationRecord {
  /** Id of the artifact. */
  id: string;
  owner: string;
  jobId: string;
  sha256: string;
  blob: string;
  bytes: number;
  name: string;
  mediaType: string;
  createdAt: number;
}

export type PublicationRecords = ReturnType<typeof publicationRecords>;

export function publicationRecords({ db }: Database<Tables>) {
  return {
    /** Records it, if it is not recorded yet. Returns whether its content still has to be pinned. */
    async begin(publication: PublicationRecord): Promise<boolean> {
      await db
        .insertInto("publications")
        .values({ ...rowOf(publication), pinned: 0 })
        .onConflict((known) => known.doNothing())
        .execute();
      const row = await db
        .selectFrom("publications")
        .select("pinned")
        .where("id", "=", publication.id)
        .executeTakeFirst();
      return row?.pinned === 0;
    },

    /** Records that its content is pinned, as this blob. */
    async pinned(id: string, blob: string): Promise<void> {
      await db.updateTable("publications").set({ blob, pinned: 1 }).where("id", "=", id).execute();
    },

    /** A publication with this content, whoever published it. */
    async withContent(sha256: string): Promise<PublicationRecord | null> {
      const row = await db
        .selectFrom("publications")
        .selectAll()
        .where("sha256", "=", sha256)
        .where("pinned", "=", 1)
        .limit(1)
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** An owner's publications, by id. */
    async list(query: {
      owner: string;
      jobId?: string;
      after?: string;
      limit: number;
    }): Promise<PublicationRecord[]> {
      let rows = db.selectFrom("publications").selectAll().where("owner", "=", query.owner);
      if (query.jobId !== undefined) rows = rows.where("job_id", "=", query.jobId);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.orderBy("id").limit(query.limit).execute()).map(parse);
    },

    /** Deletes an owner's publication and returns it; `null` if there was none. */
    async end(owner: string, id: string): Promise<(PublicationRecord & { pinned: boolean }) | null> {
      const row = await db
        .deleteFrom("publications")
        .where("owner", "=", owner)
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      return row ? { ...parse(row), pinned: row.pinned === 1 } : null;
    },
  };
}

function rowOf(record: PublicationRecord): Omit<PublicationRow, "pinned"> {
  const { id, owner, jobId, sha256, blob, bytes, name, mediaType, createdAt } = record;
  const columns = { id, owner, job_id: jobId, sha256, blob, bytes, name };
  return { ...columns, media_type: mediaType, created_at: createdAt };
}

function parse(row: PublicationRow): PublicationRecord {
  const { id, owner, job_id: jobId, sha256, blob, bytes, name, media_type: mediaType } = row;
  return { ...{ id, owner, jobId, sha256, blob, bytes, name }, mediaType, createdAt: row.created_at };
}
