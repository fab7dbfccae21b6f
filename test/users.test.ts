import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { millrace } from "./cli/command.ts";
import { freePort, type Running, startMillrace } from "./crash/processes.ts";
import { PASSWORD, visitor } from "./server/visitors.ts";

let folder: string;
let server: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-users-"));
  const args = ["--host", "0.0.0.0", "--data", join(folder, "data"), "--workers", "1"];
  server = await startMillrace({ port: await freePort(), args });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function users<T>(...args: string[]): Promise<T> {
  const all = ["users", ...args, "--data", join(folder, "data"), "--json"];
  const ended = await millrace(all, { env: { MILLRACE_SERVER: server.url } });
  if (ended.code !== 0) throw new Error(`${ended.code}: ${ended.stderr}`);
  return JSON.parse(ended.stdout) as T;
}

const tokenOf = (url: string) => url.split("#")[1]!;

test("the operator makes accounts by command, on a server that others can reach", async () => {
  const made = await users<{ id: string; url: string; role: string }>("create", "ada@example.org", "--admin");
  expect(made.role).toBe("admin");
  const ada = visitor(server);
  await ada.json(204, "/v1/auth/reset", { token: tokenOf(made.url), password: PASSWORD });
  await ada.json(200, "/v1/auth/login", { email: "ada@example.org", password: PASSWORD });
  expect(await ada.json(200, "/v1/me")).toMatchObject({ role: "admin" });

  const { url } = await users<{ url: string }>("invite");
  const ben = visitor(server);
  const account = { email: "ben@example.org", password: PASSWORD };
  await ben.json(202, "/v1/auth/register", { ...account, invite: tokenOf(url) });
  await ben.json(200, "/v1/auth/login", account);
  const { items } = await users<{ items: { email: string }[] }>("list");
  expect(items.map(({ email }) => email)).toEqual(["ada@example.org", "ben@example.org"]);

  expect(await users("disable", "ben@example.org")).toMatchObject({ state: "disabled" });
  expect((await ben.ask("/v1/me")).status).toBe(401);
  await users("enable", "ben@example.org");
  const reset = await users<{ url: string }>("reset-link", "ben@example.org");
  await ben.json(204, "/v1/auth/reset", { token: tokenOf(reset.url), password: "another long sentence" });
  await ben.json(200, "/v1/auth/login", { ...account, password: "another long sentence" });

  const { key } = await ada.json<{ key: string }>(201, "/v1/keys", { name: "commands" });
  const jobs = (env: Record<string, string>) =>
    millrace(["jobs", "--json"], { env: { MILLRACE_SERVER: server.url, ...env } });
  expect(await jobs({})).toMatchObject({ code: 1, stderr: expect.stringContaining("Log in") });
  expect(await jobs({ MILLRACE_API_KEY: key })).toMatchObject({ code: 0 });
});

test("who does not have the installation's key is no operator", async () => {
  const env = { MILLRACE_SERVER: server.url, MILLRACE_SECRET: "x".repeat(40) };
  const ended = await millrace(["users", "list"], { env });
  expect(ended).toMatchObject({ code: 1, stdout: "" });
  const elsewhere = await millrace(["users", "list", "--data", join(folder, "none")], {
    env: { MILLRACE_SERVER: server.url },
  });
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining("no data folder") });
});
