import { randomBytes } from "node:crypto";
import type { Secrets } from "../domain/keys.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";

/**
 * The installation's key: the configured one, or the one kept in the data folder or the store, where the first start
 * creates it. Every process of an installation gets the same key. The store's tables must already exist.
 */
export async function installationSecrets(config: Config): Promise<Secrets> {
  const current = config.secret ?? (await kept(config));
  return config.previousSecret === null ? [current] : [current, config.previousSecret];
}

async function kept({ store, data }: Config): Promise<string> {
  const candidate = randomBytes(32).toString("base64url");
  if (scheme(store) === "postgres") {
    const { schemaSecret } = await import("../adapters/postgres/secret.ts");
    return schemaSecret(store, candidate);
  }
  const { folderSecret } = await import("../adapters/files/secret.ts");
  return folderSecret(data, candidate);
}
