import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { freePort } from "./processes.ts";
import type { Session } from "./session.ts";

/**
 * Starts a separate Redis for the benchmark.
 * @param durable whether every write reaches the disk before it is answered; otherwise nothing is ever written to disk
 */
export async function redis(session: Session, durable: boolean): Promise<string> {
  const port = await freePort();
  const folder = join(session.folder, `redis-${port}`);
  await mkdir(folder);
  const persistence = durable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder, "--save", "", ...persistence];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.on("error", () => {});
  session.onEnd(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 100) throw new Error("redis-server does not start: is it installed?");
    await sleep(50);
  }
  return `redis://127.0.0.1:${port}`;
}

/** Creates an empty database for the benchmark on the PostgreSQL of `npm run services`. */
export async function postgres(session: Session): Promise<string> {
  const admin = process.env.MILLRACE_TEST_POSTGRES ?? "postgres://postgres@127.0.0.1:5432/postgres";
  const name = `millrace_bench_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
  const run = async (sql: string) => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  session.onEnd(() => run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
