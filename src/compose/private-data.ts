import { MillraceError } from "../errors.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";

/** What Millrace keeps in a data folder; anything else there is left as it is. */
const OURS = /^(millrace\.db|secret|blobs$)/;

/** Closes the data folder, and the folder of the files, to everyone but their owner. Says what it changed. */
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
      const text = `${folder} cannot be closed to others: ${error.message}.`;
      throw new MillraceError("config_invalid", text, { cause: error });
    });
    if (changed > 0)
      said.push(`${folder} was open to other users; now only its owner may use it (${changed} changed)`);
  }
  return said;
}
