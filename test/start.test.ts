import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { millrace } from "./cli/command.ts";
import { childrenOf, freePort, type Running, startMillrace } from "./crash/processes.ts";

let folder = "";
let server: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-start-"));
  server = await startMillrace({
    port: await freePort(),
    args: ["--workers", "1", "--pipelines", join(import.meta.dirname, "cli", "pipeline.ts")],
    cwd: folder,
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("a port that is taken is refused, and by whom is said", async () => {
  const { port } = new URL(server.url);
  const other = createServer((_, response) => response.end("something else"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const theirs = String((other.address() as AddressInfo).port);
  const [ours, another] = await Promise.all([
    millrace(["start", "--port", port, "--data", join(folder, "second")]),
    millrace(["start", "--data", join(folder, "second")], { env: { PORT: theirs } }),
  ]);
  other.close();
  expect(ours).toMatchObject({ code: 2, stdout: "" });
  expect(ours.stderr).toContain(
    `Millrace is already running on port ${new URL(server.url).port}: ${server.url}`,
  );
  expect(another).toMatchObject({ code: 2, stdout: "" });
  expect(another.stderr).toContain(`Choose another with --port ${Number(theirs) + 1}`);
});

test("a data folder has one owner, and an address of others is refused", async () => {
  const [owned, open, level] = await Promise.all([
    millrace(["start", "--port", "0"], { cwd: folder }),
    millrace(["start", "--port", "0", "--host", "0.0.0.0", "--auth", "off"], { cwd: folder }),
    millrace(["start", "--port", "0", "--log-level", "loud"], { cwd: folder }),
  ]);
  expect(owned).toMatchObject({ code: 2, stdout: "" });
  expect(owned.stderr).toMatch(/^millrace: The data folder \S+data is in use by another Millrace.*\n$/);
  expect(open).toMatchObject({ code: 2, stdout: "" });
  expect(open.stderr).toContain("MILLRACE_AUTH=on");
  expect(level).toMatchObject({ code: 2, stdout: "" });
});

test("a missing temporary folder is said in one line", async () => {
  const TMPDIR = join(folder, "no-such-folder");
  const data = join(folder, "without-temp");
  const photo = join(import.meta.dirname, "..", "samples", "dunes.jpg");
  for (const args of [
    ["start", "--port", "0", "--data", data],
    ["convert", photo],
  ]) {
    const ended = await millrace(args, { env: { TMPDIR } });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^millrace: The temporary folder \S+no-such-folder cannot be used.*\n$/);
  }
});

test("a database that is removed while it is open is noticed, and nothing is accepted into it", async () => {
  const data = await mkdtemp(join(tmpdir(), "millrace-removed-"));
  const running = await startMillrace({
    port: await freePort(),
    args: ["--workers", "1", "--data", data, "--pipelines", join(import.meta.dirname, "cli", "pipeline.ts")],
  });
  try {
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    await rm(join(data, "millrace.db"));
    const ready = await fetch(`${running.url}/readyz`);
    expect(await ready.json()).toMatchObject({ ready: false, checks: { store: { ok: false } } });
    const upload = await fetch(`${running.url}/v1/uploads`, {
      method: "POST",
      headers: { "tus-resumable": "1.0.0", "upload-length": "3" },
    });
    expect(upload.status).toBe(503);
    expect(await upload.text()).not.toContain(data);
  } finally {
    await running.stop();
    await rm(data, { recursive: true, force: true });
  }
});

test("pipelines that cannot be loaded end the start", async () => {
  const data = join(folder, "third");
  const startWith = (module: string) =>
    millrace(["start", "--port", "0", "--data", data, "--pipelines", module]);
  const missing = await startWith("nothing.ts");
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/millrace: There is no file \S+nothing\.ts to load pipelines from\./);
  const broken = join(folder, "broken.ts");
  await writeFile(broken, 'import "./not-there.ts";');
  const ended = await startWith(broken);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toMatch(/millrace: The pipelines in \S+broken\.ts cannot be loaded/);
});

test("SIGTERM lets what runs finish, and ends with 0", async () => {
  const log = join(folder, "last.log");
  const body = JSON.stringify({ pipeline: "noted", options: { log, ms: 700 } });
  const headers = { "content-type": "application/json" };
  await fetch(`${server.url}/v1/jobs`, { method: "POST", headers, body });
  await expect.poll(() => runs(log), { timeout: 60_000 }).toHaveLength(1);
  const children = childrenOf(server.child.pid!).map(({ pid }) => pid);
  expect(children).toHaveLength(2);
  expect(await server.stop()).toBe(0);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow();
  expect(server.errors()).not.toMatch(/Warning|Error/);
});

async function runs(log: string): Promise<string[]> {
  const text = await readFile(log, "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
}
