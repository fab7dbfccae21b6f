import { constants, existsSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { MillraceError } from "../errors.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";

/** Copies records, then files, of a data folder into a new folder; Millrace may go on running meanwhile. */
export async function backup(config: Config, target: string): Promise<void> {
  const { records, files } = embeddedPaths(config);
  if (!existsSync(records)) throw new MillraceError("config_invalid", `There are no records at ${records}.`);
  if (existsSync(target) && (await readdir(target)).length > 0) {
    throw new MillraceError("config_invalid", `${target} is not empty; a backup needs a folder of its own.`);
  }
  await mkdir(target, { recursive: true, mode: 0o700 });
  const { backupRecords } = await import("../adapters/sqlite/backup.ts");
  await backupRecords(records, join(target, "millrace.db"), () => copyFiles(files, join(target, "blobs")));
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
  await copyFiles(join(source, "blobs"), files);
  // Last, so that a restore that was cut short is not taken for a whole one.
  await cp(kept, records);
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

async function copyFiles(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  const staging = join(from, "staging");
  await cp(from, to, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
    filter: (path) => !path.startsWith(staging),
  });
}
