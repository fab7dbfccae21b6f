import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";

const command = join(import.meta.dirname, "..", "..", "bin", "millrace.js");
const children = new Set<ChildProcess>();

/** Starts one role as an operator would. Returns the line that says it is ready. */
async function role(env: NodeJS.ProcessEnv, cwd: string | undefined, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  const said = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  if (typeof said[0] === "number") throw new Error(`millrace ${args[0]} ended with ${said[0]}: ${errors}`);
  return String(said[0]);
}

/** Starts two API processes and three workers on the servers named in the environment. Returns the API URLs. */
export async function startRoles(env: NodeJS.ProcessEnv, cwd?: string): Promise<[string, string]> {
  const lines = await Promise.all([
    role(env, cwd, "api", "--port", "0"),
    role(env, cwd, "api", "--port", "0"),
    role(env, cwd, "worker"),
    role(env, cwd, "worker"),
    role(env, cwd, "worker"),
  ]);
  return lines.map((line) => /http:\S+/.exec(line)?.[0]) as [string, string];
}

export async function endRoles(): Promise<void> {
  const ending = [...children].map((child) => once(child, "exit"));
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(ending);
}

/** Waits until all roles have ended, because they may still use the schema. */
export async function dropSchema(url: string): Promise<void> {
  await endRoles();
  const { searchParams } = new URL(url);
  const client = new pg.Client({ connectionString: url.split("?")[0] });
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS "${searchParams.get("schema")}" CASCADE`);
  await client.end();
}
