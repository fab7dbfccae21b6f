import { randomBytes } from "node:crypto";
import type { Secrets } from "../domain/keys.ts";
import { scheme } from "./adapters.ts";
import type { Config } from "./config.ts";

/**
 * The installation's key: as configured, or the one that the data folder or the store keeps, where it is made at the
 * first start. Every process of an installation gets the same. The store's tables exist already.
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
