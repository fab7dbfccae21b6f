import type { Command } from "commander";
import { ago } from "./amounts.ts";
import { addClientFlags, type ClientFlags, printMore } from "./client/flags.ts";
import { addFlags, configOf } from "./flags.ts";
import { printJson, usageError } from "./output.ts";
import { printable, table } from "./table.ts";

interface User {
  id: string;
  email: string | null;
  name: string;
  role: string;
  state: string;
  createdAt: string;
  lastLoginAt: string | null;
}

interface Link {
  url: string;
  expiresAt: string;
}

interface CreateFlags extends ClientFlags {
  admin?: boolean;
  name?: string;
}

const HELP = `
These commands need no account: they prove themselves by the installation's key, so that they run where the
server's settings are (MILLRACE_DATA, MILLRACE_STORE or MILLRACE_SECRET), while the server does.

Examples:
  millrace users create ada@example.org --admin     the first admin, who sets a password by the link
  millrace users invite ben@example.org             a link that makes one account
  millrace users reset-link ben@example.org         a link that sets a new password`;

export function addUsers(program: Command): void {
  const users = program
    .command("users")
    .description("manage the accounts of a running server (operators only)")
    .addHelpText("after", HELP);
  const command = (text: string) => addFlags(addClientFlags(users.command(text)), ["data", "store"]);

  addFlags(addClientFlags(users.command("list", { isDefault: true })), ["data", "store"])
    .description("list users, oldest first")
    .option("--limit <n>", "maximum number to list, up to 100", "20")
    .option("--cursor <cursor>", "continue after the previous page")
    .action(list);
  command("create <email>")
    .description("create an account and print a link to set its password")
    .option("--admin", "create an admin")
    .option("--name <name>", "name shown to the user and to admins")
    .action(create);
  command("invite [email]")
    .description("create an invite and print its link")
    .option("--admin", "create an admin")
    .action(invite);
  for (const [name, state] of [
    ["disable", "disabled"],
    ["enable", "active"],
  ] as const) {
    command(`${name} <user>`)
      .description(name === "disable" ? "disable a user and end their sessions" : "enable a user")
      .action(async (user: string, flags: ClientFlags, self: Command) => {
        const ask = await asker(flags, self);
        const changed = await ask<User>(await pathOf(ask, user), { state }, "PATCH");
        if (flags.json) return printJson(changed);
        console.log(`${changed.id}  ${changed.state}`);
      });
  }
  command("reset-link <user>")
    .description("print a password reset link for a user")
    .action(async (user: string, flags: ClientFlags, self: Command) => {
      const ask = await asker(flags, self);
      printLink(await ask<Link>(`${await pathOf(ask, user)}/reset-link`, {}), flags);
    });
}

async function list(
  { limit, cursor, ...flags }: ClientFlags & { limit: string; cursor?: string },
  self: Command,
): Promise<void> {
  const ask = await asker(flags, self);
  const query = new URLSearchParams({ limit, ...(cursor && { cursor }) });
  const page = await ask<{ items: User[]; nextCursor: string | null }>(`/v1/admin/users?${query}`);
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("There are no users yet.");
  const rows = page.items.map((one) => [
    one.id,
    printable(one.email ?? ""),
    printable(one.name),
    one.role,
    one.state,
    ago(one.createdAt),
    one.lastLoginAt === null ? "never" : ago(one.lastLoginAt),
  ]);
  const columns = ["id", "email", "name", "role", "state", "created", "logged in"].map((head) => ({ head }));
  console.log(table(columns, rows));
  printMore("users list", page, flags);
}

async function create(email: string, { admin, name, ...flags }: CreateFlags, self: Command): Promise<void> {
  const ask = await asker(flags, self);
  const made = await ask<User>("/v1/admin/users", { email, name, role: admin ? "admin" : "user" });
  const link = await ask<Link>(`/v1/admin/users/${made.id}/reset-link`, {});
  if (flags.json) return printJson({ ...made, ...link });
  console.log(`${made.id}  ${printable(made.email ?? "")}  ${made.role}`);
  printLink(link, flags);
}

async function invite(
  email: string | undefined,
  { admin, ...flags }: CreateFlags,
  self: Command,
): Promise<void> {
  const ask = await asker(flags, self);
  const made = await ask<Link>("/v1/admin/invites", { email: email ?? null, role: admin ? "admin" : "user" });
  printLink(made, flags);
}

function printLink(link: Link, flags: ClientFlags): void {
  if (flags.json) return printJson(link);
  console.log(`${link.url}\n(until ${link.expiresAt})`);
}

type Ask = <T>(path: string, body?: object, method?: string) => Promise<T>;

/** A client that authenticates with the installation's key. */
async function asker(flags: ClientFlags, command: Command): Promise<Ask> {
  const { operatorClient } = await import("./client/operator.ts");
  const { config } = await configOf(command);
  const client = await operatorClient(config, flags);
  return async <T>(path: string, body?: object, method = "POST") => {
    const headers = { "content-type": "application/json" };
    const init = body && { method, headers, body: JSON.stringify(body) };
    return (await (await client.request(path, init)).json()) as T;
  };
}

/** API path of a user, by id or email. */
async function pathOf(ask: Ask, user: string): Promise<string> {
  if (!user.includes("@")) return `/v1/admin/users/${encodeURIComponent(user)}`;
  const { items } = await ask<{ items: User[] }>(`/v1/admin/users?email=${encodeURIComponent(user)}`);
  if (!items[0]) throw usageError(`There is no user with the email address ${printable(user)}.`);
  return `/v1/admin/users/${items[0].id}`;
}
