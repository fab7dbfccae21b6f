import { MillraceError } from "../errors.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";

/** Millrace's own files in a data folder; anything else there is left alone. */
const OURS = /^(millrace\.db|secret|blobs$)/;

/** Makes the data folder and the folder of the files accessible only to their owner. Returns what it changed. */
export async function closeData(config: Config): Promise<string[]> {
  const blobs = scheme(config.blobs) === "file" ? config.blobs.slice("file:".length) : null;
  const { makePrivate } = await import("../adapters/files/private.ts");
  const said: string[] = [];
  for (const [folder, isOurs] of [
    [config.data, (name: string) => OURS.test(name)],
    [blobs, undefined],
  ] as const) {
    if (folder === null) continue;
    const changed = await makePrivate(folder, isOurs).catch((error: Error) => {
      const text = `The permissions of ${folder} cannot be restricted: ${error.message}.`;
      throw new MillraceError("config_invalid", text, { cause: error });
    });
    if (changed > 0)
      said.push(
        `${folder} was accessible to other users; now only its owner can use it (${changed} changed)`,
      );
  }
  return said;
}
