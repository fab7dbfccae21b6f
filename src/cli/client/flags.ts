import type { Command } from "commander";
import { type Client, createClient } from "../../client/index.ts";
import { DEFAULT_SERVER, serverUrl } from "./server-url.ts";

export interface ClientFlags {
  server?: string;
  json?: boolean;
}

/** What every command takes that talks to a running server. */
export function addClientFlags(command: Command): Command {
  return command
    .option(
      "--server <url>",
      `the server to ask (MILLRACE_SERVER, or PORT on this machine), by default ${DEFAULT_SERVER}`,
    )
    .option("--json", "print one JSON document");
}

/** The API key of a command's user, where the server has accounts. A flag would show it to all users of the machine. */
export const KEY_ENV = "MILLRACE_API_KEY";

/** Asks once: whoever sits before it learns at once that no server answers. */
export function serverOf({ server }: ClientFlags): Client {
  const key = process.env[KEY_ENV];
  return createClient({
    url: serverUrl(server),
    retries: 0,
    ...(key && { headers: { authorization: `Bearer ${key}` } }),
  });
}
