import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MillraceError } from "../errors.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";
import { closeData } from "./private-data.ts";

const FICLONE = constants.COPYFILE_FICLONE;

/**
 * Copies the records, then the files that they name, then the installation's key into a new folder, while Millrace may
 * keep running. `missing` counts named files that do not exist: they were lost before.
 */
export async function backup(config: Config, target: string): Promise<{ missing: number }> {
  const { records, files } = embeddedPaths(config);
  if (!existsSync(records)) throw new MillraceError("config_invalid", `There is no database at ${records}.`);
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new MillraceError("config_invalid", `${target} is not empty. A backup needs an empty folder.`);
  }
  const { backupRecords } = await import("../adapters/sqlite/backup.ts");
  const { copyBlobs } = await import("../adapters/files/backup.ts");
  let missing = 0;
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
    await backupRecords(records, join(target, "millrace.db"), async (keys) => {
      ({ missing } = await copyBlobs(files, join(target, "blobs"), keys));
    });
    await copySecret(config.data, target);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const text = `The backup is incomplete: ${(error as Error).message}. Remove ${target} and try again.`;
    throw new MillraceError("unavailable", text, { cause: error });
  }
  return { missing };
}

/** Fills an empty data folder from a backup. */
export async function restore(source: string, config: Config): Promise<void> {
  const { records, files } = embeddedPaths(config);
  const kept = join(source, "millrace.db");
  if (!existsSync(kept))
    throw new MillraceError(
      "config_invalid",
      `${source} does not contain a backup: ${basename(kept)} is missing.`,
    );
  if (existsSync(records)) {
    throw new MillraceError(
      "config_invalid",
      `${records} already exists. Restore into an empty folder with --data.`,
    );
  }
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  if (existsSync(join(source, "blobs")))
    await cp(join(source, "blobs"), files, { recursive: true, mode: FICLONE });
  await copySecret(source, config.data);
  // Last, so that an interrupted restore is not mistaken for a complete one.
  await cp(kept, records);
  await closeData(config);
}

function embeddedPaths(config: Config): { records: string; files: string } {
  if (scheme(config.store) !== "sqlite" || scheme(config.blobs) !== "file") {
    throw new MillraceError(
      "config_invalid",
      "This copies a data folder. Back up PostgreSQL with pg_dump first, then the bucket with its own tools.",
    );
  }
  return { records: config.store.slice("sqlite:".length), files: config.blobs.slice("file:".length) };
}

async function copySecret(from: string, to: string): Promise<void> {
  const { SECRET_FILE } = await import("../adapters/files/secret.ts");
  const secret = join(from, SECRET_FILE);
  if (existsSync(secret)) await cp(secret, join(to, SECRET_FILE));
}
