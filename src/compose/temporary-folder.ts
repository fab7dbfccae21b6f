import { access, constants, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { MillraceError } from "../errors.ts";

/** Fails with one clear line if temporary files cannot be created. */
export async function checkTemporaryFolder(): Promise<void> {
  const folder = tmpdir();
  try {
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error("no folder"), { code: "ENOTDIR" });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const text = `The temporary folder ${folder} cannot be used (${code}). Create it, or name another with TMPDIR.`;
    throw new MillraceError("config_invalid", text, { cause });
  }
}
