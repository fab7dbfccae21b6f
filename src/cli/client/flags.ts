import type { Command } from "commander";
import { type Client, createClient } from "../../client/index.ts";
import { DEFAULT_SERVER, serverUrl } from "./server-url.ts";

export interface ClientFlags {
  server?: string;
  json?: boolean;
}

/** Adds the flags of commands that talk to a running server. */
export function addClientFlags(command: Command): Command {
  return command
    .option(
      "--server <url>",
      `URL of the server (MILLRACE_SERVER, or PORT on this machine), by default ${DEFAULT_SERVER}`,
    )
    .option("--json", "print JSON");
}

/** A command to run next, with the same `--server`. */
export function nextCommand(command: string, { server }: ClientFlags): string {
  return `millrace ${command}${server === undefined ? "" : ` --server ${server}`}`;
}

/** Prints how to list the next page, if there is one. */
export function printMore(list: string, page: { nextCursor: string | null }, flags: ClientFlags): void {
  if (page.nextCursor !== null)
    console.log(`\nMore: ${nextCommand(`${list} --cursor ${page.nextCursor}`, flags)}`);
}

/** API key for servers with accounts. There is no flag, because other users of the machine could see it. */
export const KEY_ENV = "MILLRACE_API_KEY";

/** Does not retry, so that the user learns right away that no server responds. */
export function serverOf({ server }: ClientFlags): Client {
  const key = process.env[KEY_ENV];
  return createClient({
    url: serverUrl(server),
    retries: 0,
    ...(key && { headers: { authorization: `Bearer ${key}` } }),
  });
}
