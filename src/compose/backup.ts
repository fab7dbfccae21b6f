import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MillraceError } from "../errors.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";
import { closeData } from "./private-data.ts";

const FICLONE = constants.COPYFILE_FICLONE;

/**
 * Copies records, then the files that they name, then the installation's key into a new folder; Millrace may go on
 * running meanwhile. Tells how many files the records name that have none: they were lost before.
 */
export async function backup(config: Config, target: string): Promise<{ missing: number }> {
  const { records, files } = embeddedPaths(config);
  if (!existsSync(records)) throw new MillraceError("config_invalid", `There are no records at ${records}.`);
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new MillraceError("config_invalid", `${target} is not empty; a backup needs a folder of its own.`);
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
    const text = `The backup is not whole: ${(error as Error).message}. Remove ${target}, and try again.`;
    throw new MillraceError("unavailable", text, { cause: error });
  }
  return { missing };
}

/** Fills an empty data folder from a backup. */
export async function restore(source: string, config: Config): Promise<void> {
  const { records, files } = embeddedPaths(config);
  const kept = join(source, "millrace.db");
  if (!existsSync(kept))
    throw new MillraceError("config_invalid", `${source} holds no backup: ${basename(kept)} is missing.`);
  if (existsSync(records)) {
    throw new MillraceError(
      "config_invalid",
      `${records} exists already; restore into an empty folder with --data.`,
    );
  }
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  if (existsSync(join(source, "blobs")))
    await cp(join(source, "blobs"), files, { recursive: true, mode: FICLONE });
  await copySecret(source, config.data);
  // Last, so that a restore that was cut short is not taken for a whole one.
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
