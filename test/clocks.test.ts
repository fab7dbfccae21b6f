import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { placeOf, withService } from "../src/testing/services.ts";
import { cleaners } from "./crash/cleaning.ts";
import { serviceUrls } from "./services.ts";

const root = join(import.meta.dirname, "..");
const { postgres } = serviceUrls(`clocks-${randomBytes(4).toString("hex")}`);

await withService("PostgreSQL", placeOf(postgres, 5432), async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-clocks-"));
  const log = join(folder, "steps.log");
  const children: ChildProcess[] = [];
  afterAll(async () => {
    const ending = children.map((child) => child.exitCode ?? once(child, "exit"));
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(ending);
    await cleaners.postgres(postgres);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A role on a machine whose clock is ahead by so much; resolves with what it says when it is ready. */
  async function role(name: "api" | "worker", aheadMs: number): Promise<string> {
    const places = ["--data", folder, "--pipelines", join(root, "test", "faults", "pipeline.ts")];
    const port = name === "api" ? ["--port", "0"] : [];
    const wrong = ["--import", join(root, "test", "clocks", "preload.js")];
    const child = spawn(
      process.execPath,
      [...wrong, join(root, "bin", "millrace.js"), name, ...port, ...places],
      {
        env: {
          ...process.env,
          CLOCK_AHEAD_MS: String(aheadMs),
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

  test("machines whose clocks are minutes apart run a step of many leases once", {
    timeout: 120_000,
  }, async () => {
    const [said] = await Promise.all([
      role("api", 0),
      role("api", 180_000),
      role("worker", -180_000),
      role("worker", 180_000),
    ]);
    const url = /http:\S+/.exec(said)![0];
    const form = new FormData();
    form.set("pipeline", "faults");
    for (let n = 0; n < 4; n++) form.append("files", new Blob(["sleep 14000"]), `${n}.txt`);
    const { id } = (await (await fetch(`${url}/v1/jobs`, { method: "POST", body: form })).json()) as {
      id: string;
    };
    const state = async () =>
      ((await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { state: string }).state;
    await expect.poll(state, { timeout: 60_000, interval: 500 }).toBe("succeeded");
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    const words = lines.map((line) => line.split(" ")[0]);
    expect(words.filter((word) => word === "start")).toHaveLength(4);
    expect(words.filter((word) => word === "end")).toHaveLength(4);
    // Both took their share: neither was taken for dead.
    const { items } = (await (await fetch(`${url}/v1/admin/workers`)).json()) as { items: unknown[] };
    expect(items).toHaveLength(2);
  });
});
