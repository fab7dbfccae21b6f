import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "../../errors.ts";

/** File of the installation's key in a data folder; backups contain it too. */
export const SECRET_FILE = "secret";

/** The key of a data folder, created on the first call; several processes may call at once. */
export async function folderSecret(folder: string, candidate: string): Promise<string> {
  const path = join(folder, SECRET_FILE);
  try {
    const kept = await readFile(path, "utf8").catch(ifMissing);
    if (kept !== null) return kept.trim();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Written to a temporary name and linked, so that no other process reads half of it.
    const aside = `${path}.${randomBytes(6).toString("hex")}`;
    const handle = await open(aside, "wx", 0o600);
    try {
      await handle.writeFile(`${candidate}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
    await rm(aside);
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    const text = `The installation's key in ${path} cannot be used: ${(error as Error).message}.`;
    throw new MillraceError("config_invalid", text, { cause: error });
  }
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
