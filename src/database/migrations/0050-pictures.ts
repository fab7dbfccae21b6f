import type { Migration } from "./migration.ts";

/**
 * Pictures by their perceptual hashes, and the index that finds near ones: each hash under the keys of its four bands
 * (see `src/domain/picture-hashes.ts`). A hash is indexed once per owner, however many pictures have it.
 */
export const pictures: Migration = {
  name: "0050-pictures",
  tables: ["pictures", "picture_bands"],
  sqlite: `
    CREATE TABLE pictures (
      artifact_id TEXT PRIMARY KEY,
      owner TEXT NOT NULL,
      job_id TEXT NOT NULL,
      hash TEXT NOT NULL,
      at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pictures_hashes ON pictures (owner, hash);
    CREATE TABLE picture_bands (
      owner TEXT NOT NULL,
      band INTEGER NOT NULL,
      hash TEXT NOT NULL,
      PRIMARY KEY (owner, band, hash)
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: `
    CREATE TABLE pictures (
      artifact_id text COLLATE "C" PRIMARY KEY,
      owner text COLLATE "C" NOT NULL,
      job_id text COLLATE "C" NOT NULL,
      hash text COLLATE "C" NOT NULL,
      at bigint NOT NULL
    );
    CREATE INDEX pictures_hashes ON pictures (owner, hash);
    CREATE TABLE picture_bands (
      owner text COLLATE "C" NOT NULL,
      band integer NOT NULL,
      hash text COLLATE "C" NOT NULL,
      PRIMARY KEY (owner, band, hash)
    );
  `,
};
