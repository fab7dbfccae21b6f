import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePort } from "./crash/processes.ts";
import { faultyMillrace } from "./faults/millrace.ts";

const program = join(import.meta.dirname, "..", "bin", "millrace.js");
const folder = mkdtempSync(join(tmpdir(), "millrace-supervised-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a log on a full disk holds up neither the API nor its end", { timeout: 60_000 }, async () => {
  const full = openSync("/dev/full", "w");
  const args = [
    "start",
    "--port",
    String(await freePort()),
    "--workers",
    "0",
    "--data",
    join(folder, "full"),
  ];
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, MILLRACE_LOG: "debug" },
    stdio: ["ignore", "pipe", full],
  });
  closeSync(full);
  const [said] = await once(child.stdout!, "data");
  const url = /http:\S+/.exec(String(said))![0];
  for (let n = 0; n < 50; n++) {
    const answer = await fetch(`${url}/v1/pipelines`, { signal: AbortSignal.timeout(5_000) });
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  }
  const began = performance.now();
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(performance.now() - began).toBeLessThan(10_000);
});

// A worker must handle the signal even before its first task: it used to be killed with everything it was running.
test("a worker that is told to end while it starts ends by itself", { timeout: 60_000 }, async () => {
  const millrace = faultyMillrace({ workers: 1, env: { FAULTS_TERMINATE: "1" } });
  await millrace.start();
  try {
    const { id } = await millrace.submit(["sleep 1"]);
    expect((await millrace.ended(id, 40)).state).toBe("succeeded");
    expect(millrace.running.errors()).toContain("worker 1 exited (code 0)");
  } finally {
    await millrace.close();
  }
});

test("an API that hangs is replaced", { timeout: 120_000 }, async () => {
  const millrace = faultyMillrace({ workers: 1 });
  await millrace.start();
  try {
    const [hung] = millrace.pidsOf("api");
    process.kill(hung!, "SIGSTOP");
    const answers = async () => {
      const signal = AbortSignal.timeout(1_000);
      return (await fetch(`${millrace.running.url}/readyz`, { signal })).status;
    };
    await expect.poll(() => answers().catch(() => 0), { timeout: 80_000, interval: 500 }).toBe(200);
    expect(millrace.pidsOf("api")).not.toContain(hung);
    expect(millrace.running.errors()).toMatch(/api has not responded for \d+ s and is being replaced/);
  } finally {
    await millrace.close();
  }
});

test("children end with their supervisor, even while a step blocks them", { timeout: 60_000 }, async () => {
  const millrace = faultyMillrace({ workers: 2 });
  await millrace.start();
  const { id } = await millrace.submit(["block 15000"]);
  await expect.poll(() => millrace.lines(id, "start").length, { timeout: 60_000 }).toBe(1);
  const children = [...millrace.pidsOf("api"), ...millrace.pidsOf("worker")];
  expect(children).toHaveLength(3);
  process.kill(millrace.running.child.pid!, "SIGKILL");
  await expect
    .poll(() => children.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 })
    .toEqual([]);
  // The folder is free again.
  await millrace.start();
  expect((await millrace.ended(id, 1)).state).toBe("running");
  await millrace.close();
});

test("children end with their supervisor, even while they are blocked before they have begun", {
  timeout: 60_000,
}, async () => {
  const blocking = join(folder, "blocking.ts");
  const started = join(folder, "started");
  // The supervisor itself loads no pipelines.
  writeFileSync(
    blocking,
    `import { appendFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(started)}, process.pid + "\\n");
     Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 45_000);`,
  );
  const args = ["--port", String(await freePort()), "--workers", "1", "--data", join(folder, "blocked")];
  const supervisor = spawn(process.execPath, [program, "start", ...args, "--pipelines", blocking], {
    stdio: "ignore",
  });
  const children = () =>
    existsSync(started) ? readFileSync(started, "utf8").split("\n").filter(Boolean).map(Number) : [];
  await expect.poll(() => children().length, { timeout: 60_000 }).toBe(2);
  supervisor.kill("SIGKILL");
  await expect
    .poll(() => children().filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 60_000 })
    .toEqual([]);
});

test.each(["api", "worker"])("the role %s alone is refused over the records of a data folder", (role) => {
  const port = role === "api" ? ["--port", "0"] : [];
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, role, ...port, "--data", join(folder, "alone")],
    { env: { ...process.env, MILLRACE_STORE: "" }, encoding: "utf8" },
  );
  expect(status).not.toBe(0);
  expect(stderr).toContain("A single role cannot use a data folder");
});
