import { existsSync } from "node:fs";
import { operatorToken } from "../../accounts/operator.ts";
import { type Client, createClient } from "../../client/index.ts";
import { scheme } from "../../compose/adapters.ts";
import type { Config } from "../../compose/config.ts";
import { installationSecrets } from "../../compose/secrets.ts";
import { signer } from "../../domain/keys.ts";
import { usageError } from "../output.ts";
import type { ClientFlags } from "./flags.ts";
import { serverUrl } from "./server-url.ts";

/** A client with the operator's permissions. */
export async function operatorClient(config: Config, { server }: ClientFlags): Promise<Client> {
  if (config.secret === null && scheme(config.store) === "sqlite" && !existsSync(config.data)) {
    throw usageError(
      `There is no data folder ${config.data} with the installation's key. Name the folder with --data.`,
    );
  }
  const operator = signer(await installationSecrets(config), "operator");
  return createClient({
    url: serverUrl(server),
    retries: 0,
    headers: () => ({ authorization: `Bearer ${operatorToken(operator, Date.now())}` }),
  });
}
