import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { addressOf, withService } from "../src/testing/services.ts";
import { sleep } from "../src/testing/wait.ts";
import { cleaners } from "./crash/cleaning.ts";
import { serviceUrls } from "./services.ts";

const root = join(import.meta.dirname, "..");
const { postgres } = serviceUrls(`clocks-${randomBytes(4).toString("hex")}`);

await withService("PostgreSQL", addressOf(postgres, 5432), async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-clocks-"));
  const log = join(folder, "steps.log");
  const children: ChildProcess[] = [];
  afterAll(async () => {
    await cleaners.postgres(postgres);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  interface Clock {
    /** A fixed offset, in ms. */
    aheadMs?: number;
    /** A file with the offset, which may change. */
    file?: string;
  }

  /** Starts a role on a machine with such a clock. Resolves with what it prints when it is ready. */
  async function role(name: "api" | "worker", { aheadMs = 0, file = "" }: Clock): Promise<string> {
    const options = ["--data", folder, "--pipelines", join(root, "test", "faults", "pipeline.ts")];
    const port = name === "api" ? ["--port", "0"] : [];
    const wrong = ["--import", join(root, "test", "clocks", "preload.js")];
    const child = spawn(
      process.execPath,
      [...wrong, join(root, "bin", "millrace.js"), name, ...port, ...options],
      {
        env: {
          ...process.env,
          CLOCK_AHEAD_MS: String(aheadMs),
          CLOCK_FILE: file,
          FAULTS_LOG: log,
          MILLRACE_STORE: postgres,
          MILLRACE_CONCURRENCY: "2",
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children.push(child);
    const [said] = await once(child.stdout!, "data");
    return String(said);
  }

  const endAll = async () => {
    const ending = children.splice(0).filter((child) => child.exitCode === null);
    for (const child of ending) child.kill("SIGTERM");
    await Promise.all(ending.map((child) => once(child, "exit")));
    rmSync(log, { force: true });
  };
  const words = () => {
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    return lines.map((line) => line.split(" ")[0]);
  };
  const count = (word: string) => words().filter((one) => one === word).length;
  const submit = async (url: string, text: string, files: number) => {
    const form = new FormData();
    form.set("pipeline", "faults");
    for (let n = 0; n < files; n++) form.append("files", new Blob([text]), `${n}.txt`);
    const answer = await fetch(`${url}/v1/jobs`, { method: "POST", body: form });
    const { id } = (await answer.json()) as { id: string };
    return async () => ((await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { state: string }).state;
  };
  const listed = async (path: string) =>
    ((await (await fetch(path)).json()) as { items: unknown[] }).items.length;
  const urlIn = (said: string) => /http:\S+?(?=\s|$)/.exec(said)![0];

  afterEach(endAll, 60_000);

  test("machines whose clocks are minutes apart run a step of many leases once", {
    timeout: 120_000,
  }, async () => {
    const [said] = await Promise.all([
      role("api", {}),
      role("api", { aheadMs: 180_000 }),
      role("worker", { aheadMs: -180_000 }),
      role("worker", { aheadMs: 180_000 }),
    ]);
    const url = urlIn(said);
    const state = await submit(url, "sleep 14000", 4);
    await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe("succeeded");
    expect(count("start")).toBe(4);
    expect(count("end")).toBe(4);
    // Both took their share, so neither was considered dead.
    expect(await listed(`${url}/v1/admin/workers`)).toBe(2);
  });

  test("clocks that are set while steps run cost no lease, and nobody is taken for dead", {
    timeout: 120_000,
  }, async () => {
    const clocks = ["api", "first", "second"].map((name) => join(folder, `${name}.clock`));
    for (const clock of clocks) writeFileSync(clock, "0");
    const [said] = await Promise.all([
      role("api", { file: clocks[0]! }),
      role("worker", { file: clocks[1]! }),
      role("worker", { file: clocks[2]! }),
    ]);
    const url = urlIn(said);
    const state = await submit(url, "sleep 16000", 4);
    await expect.poll(() => count("start"), { timeout: 60_000 }).toBe(4);
    // Each clock jumps back and forth by more than any lease or timeout, one machine after the other.
    for (const [n, ahead] of [
      [0, 600_000],
      [1, 600_000],
      [2, -600_000],
      [1, -600_000],
      [0, 0],
    ] as const) {
      writeFileSync(clocks[n]!, String(ahead));
      await sleep(2_500);
    }
    await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe("succeeded");
    expect(count("start")).toBe(4);
    expect(count("end")).toBe(4);
    expect(await listed(`${url}/v1/admin/workers`)).toBe(2);
    expect(await listed(`${url}/v1/admin/dead-letters`)).toBe(0);
  });
});
