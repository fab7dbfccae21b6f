import type { Database } from "../ports/database.ts";
import type { ShareRow } from "./tables/accounts.ts";
import type { Tables } from "./tables.ts";

/** Expired shares deleted with each new one. */
const FORGET = 100;

export interface ShareRecord {
  id: string;
  owner: string;
  jobId: string;
  /** `null`: the archive. */
  artifactId: string | null;
  createdAt: number;
  expiresAt: number;
}

export type ShareRecords = ReturnType<typeof shareRecords>;

/** Records of download links. */
export function shareRecords({ db, batch }: Database<Tables>) {
  return {
    /** Records a share, and deletes some expired ones. */
    async create(share: ShareRecord, now: number): Promise<void> {
      const over = db.selectFrom("shares").select("id").where("expires_at", "<=", now).limit(FORGET);
      await batch([
        db.deleteFrom("shares").where("id", "in", over),
        db.insertInto("shares").values(rowOf(share)),
      ]);
    },

    /** `null` if it does not exist or has expired. */
    async get(id: string, now: number): Promise<ShareRecord | null> {
      const query = db.selectFrom("shares").selectAll().where("id", "=", id).where("expires_at", ">", now);
      const row = await query.executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** A job's unexpired shares, oldest first. */
    async list(query: {
      owner: string;
      jobId: string;
      now: number;
      after?: string;
      limit: number;
    }): Promise<ShareRecord[]> {
      let rows = db
        .selectFrom("shares")
        .selectAll()
        .where("owner", "=", query.owner)
        .where("job_id", "=", query.jobId)
        .where("expires_at", ">", query.now)
        .orderBy("id")
        .limit(query.limit);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.execute()).map(parse);
    },

    async remove({ owner, jobId, id }: Pick<ShareRecord, "owner" | "jobId" | "id">): Promise<boolean> {
      const query = db
        .deleteFrom("shares")
        .where("id", "=", id)
        .where("job_id", "=", jobId)
        .where("owner", "=", owner);
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n;
    },

    async removeAll(owner: string): Promise<void> {
      await db.deleteFrom("shares").where("owner", "=", owner).execute();
    },
  };
}

function rowOf({ id, owner, jobId, artifactId, createdAt, expiresAt }: ShareRecord): ShareRow {
  return { id, owner, job_id: jobId, artifact_id: artifactId, created_at: createdAt, expires_at: expiresAt };
}

function parse({ id, owner, job_id, artifact_id, created_at, expires_at }: ShareRow): ShareRecord {
  return { id, owner, jobId: job_id, artifactId: artifact_id, createdAt: created_at, expiresAt: expires_at };
}
