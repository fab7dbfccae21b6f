import { sql } from "kysely";
import type { Database } from "../ports/database.ts";
import type { PictureRow, Tables } from "./tables.ts";

/** Most hashes examined per search; the rest is skipped. */
const MAX_CANDIDATES = 100_000;
/** Band keys are padded to a multiple of this, so that few distinct statements are prepared. */
const KEYS = 128;
const HASH_CHARACTERS = 16;

export interface PictureRecord {
  artifactId: string;
  owner: string;
  jobId: string;
  hash: string;
  at: number;
}

export type PictureRecords = ReturnType<typeof pictureRecords>;

/** Owners' pictures by their perceptual hashes. */
export function pictureRecords({ db, batch }: Database<Tables>) {
  const unused = (owner: string, hashes: readonly string[]) =>
    db
      .deleteFrom("picture_bands")
      .where("owner", "=", owner)
      .where("hash", "in", hashes)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom("pictures")
              .select("pictures.hash")
              .whereRef("pictures.owner", "=", "picture_bands.owner")
              .whereRef("pictures.hash", "=", "picture_bands.hash"),
          ),
        ),
      );

  return {
    /** @param bands the index keys of its hash */
    async keep(picture: PictureRecord, bands: readonly number[]): Promise<void> {
      const { owner, hash } = picture;
      const { artifact_id: _, ...values } = rowOf(picture);
      await batch([
        db
          .insertInto("pictures")
          .values(rowOf(picture))
          .onConflict((known) => known.column("artifact_id").doUpdateSet(values)),
        db
          .insertInto("picture_bands")
          .values(bands.map((band) => ({ owner, band, hash })))
          .onConflict((known) => known.doNothing()),
      ]);
    },

    /** Hashes with one of these index keys, possibly repeated. */
    async candidates(owner: string, bands: readonly number[]): Promise<string[]> {
      if (bands.length === 0) return [];
      const padding = (KEYS - (bands.length % KEYS)) % KEYS;
      const found = db
        .selectFrom("picture_bands")
        .select("hash")
        .where("owner", "=", owner)
        .where("band", "in", [...bands, ...Array.from({ length: padding }, () => bands[0]!)])
        .limit(MAX_CANDIDATES)
        .as("found");
      // As one text, because thousands of rows would take longer to send than to find.
      const { hashes } = await db
        .selectFrom(found)
        .select(sql<string | null>`string_agg(hash, '')`.as("hashes"))
        .executeTakeFirstOrThrow();
      const count = (hashes?.length ?? 0) / HASH_CHARACTERS;
      return Array.from({ length: count }, (_, n) =>
        hashes!.slice(n * HASH_CHARACTERS, (n + 1) * HASH_CHARACTERS),
      );
    },

    /** Pictures with one of these hashes, newest first. */
    async withHashes(owner: string, hashes: readonly string[], limit: number): Promise<PictureRecord[]> {
      if (hashes.length === 0) return [];
      const rows = await db
        .selectFrom("pictures")
        .selectAll()
        .where("owner", "=", owner)
        .where("hash", "in", hashes)
        .orderBy("at", "desc")
        .orderBy("artifact_id")
        .limit(limit)
        .execute();
      return rows.map(parse);
    },

    /** Pictures of any owner, by id. */
    async page(after: string, limit: number): Promise<PictureRecord[]> {
      const rows = await db
        .selectFrom("pictures")
        .selectAll()
        .where("artifact_id", ">", after)
        .orderBy("artifact_id")
        .limit(limit)
        .execute();
      return rows.map(parse);
    },

    async forget(pictures: readonly PictureRecord[]): Promise<void> {
      const [first] = pictures;
      if (!first) return;
      const own = pictures.filter(({ owner }) => owner === first.owner);
      const ids = own.map(({ artifactId }) => artifactId);
      const hashes = own.map(({ hash }) => hash);
      await batch([db.deleteFrom("pictures").where("artifact_id", "in", ids), unused(first.owner, hashes)]);
      await this.forget(pictures.filter(({ owner }) => owner !== first.owner));
    },

    async removeAll(owner: string): Promise<void> {
      await batch([
        db.deleteFrom("pictures").where("owner", "=", owner),
        db.deleteFrom("picture_bands").where("owner", "=", owner),
      ]);
    },
  };
}

function rowOf({ artifactId, owner, jobId, hash, at }: PictureRecord): PictureRow {
  return { artifact_id: artifactId, owner, job_id: jobId, hash, at };
}

function parse({ artifact_id, owner, job_id, hash, at }: PictureRow): PictureRecord {
  return { artifactId: artifact_id, owner, jobId: job_id, hash, at };
}
