import type { Writer } from "../adapters/sqlite/client.ts";
import { isEmbedded } from "./adapters.ts";
import type { Config } from "./config.ts";
import { checkTemporaryFolder } from "./temporary-folder.ts";

/** Starts the writer of the data folder if these settings need one; the folder then belongs to this process. */
export async function startEmbedded(config: Config): Promise<Writer | null> {
  await checkTemporaryFolder();
  if (!isEmbedded(config)) return null;
  const { startWriter } = await import("../adapters/sqlite/client.ts");
  const path = config.store.startsWith("sqlite:")
    ? config.store.slice("sqlite:".length)
    : `${config.data}/millrace.db`;
  return startWriter({ path, publishes: config.broker === config.store });
}
