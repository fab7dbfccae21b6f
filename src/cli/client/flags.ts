import type { Command } from "commander";
import { connectServer, DEFAULT_SERVER, type ServerClient, serverUrl } from "./server-client.ts";

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

export function serverOf({ server }: ClientFlags): ServerClient {
  return connectServer(serverUrl(server));
}

/** `?a=1&b=2` of what is given. */
export function query(values: Record<string, string | undefined>): string {
  const given = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
