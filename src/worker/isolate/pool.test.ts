import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ChildDied, type Isolation } from "../../engine/isolation.ts";
import type { Running } from "../../engine/step-context.ts";
import { type ArtifactFolder, artifactFolder, stepContext } from "../../testing/pipeline-context.ts";
import { eventually } from "../../testing/wait.ts";
import { isolated } from "./fixtures/pipelines.ts";
import { isolationPool } from "./pool.ts";
import { findSandbox, type Sandbox } from "./sandbox.ts";

const source = { loader: new URL("./fixtures/pipelines.ts", import.meta.url).href, source: null };
let folder: string;
let files: ArtifactFolder;
let pool: Isolation;
let sandbox: Sandbox;
const told: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-isolate-"));
  files = artifactFolder(folder);
  sandbox = await findSandbox();
  pool = isolationPool({ ...source, warm: new Map([[256, 1]]) });
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
});

async function act(name: string, signal = new AbortController().signal, within = pool): Promise<unknown> {
  const file = await files.add(name, { data: Buffer.from("text"), mediaType: "text/plain" });
  const { context, warnings } = stepContext({
    files,
    pipeline: "isolated",
    step: "act",
    attempt: 1,
    name,
    options: {},
    signal,
    memo: new Map(),
    onProgress: (_, message) => told.push(message ?? ""),
    onDelta: (text) => told.push(text),
  });
  const full = Object.assign(context, { index: 0, name, file, inputs: [file], previous: null });
  const result = await within.run({
    pipeline: { name: "isolated", version: 2 },
    step: isolated.steps[0]!,
    context: full as unknown as Running["context"],
    signal,
  });
  told.push(...warnings.list().map(({ code }) => code));
  return result;
}

/** Waits for what the step told, and takes it. */
async function pidsTold(): Promise<number[]> {
  await eventually(
    () => told.length > 0,
    10_000,
    () => "the step did not begin",
  );
  return told.pop()!.split(" ").map(Number);
}

async function gone(...pids: number[]): Promise<void> {
  await eventually(
    () => !pids.some(lives),
    1_000,
    () => `of ${pids} some still run`,
  );
}

/** Not so one that has ended and that its parent has not asked about yet. */
function lives(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

describe("the step context", () => {
  test("reads, streams and writes, in memory and through files, and tells", async () => {
    told.length = 0;
    const result = (await act("files")) as { folder: string };
    expect(result).toMatchObject({
      text: "text",
      streamed: "text",
      last: { name: "stream.txt", bytes: 6, meta: { pages: 3 } },
      again: "stream",
    });
    expect(result.folder).toContain(folder);
    expect(told.splice(0)).toEqual(["half", "word", "rough"]);
  });

  test("keeps memos with the worker, and errors as they were", async () => {
    const { first, second, same } = (await act("once")) as { first: object; second: object; same: boolean };
    expect(first).toEqual({ made: expect.any(Number) });
    expect(second).toEqual(first);
    expect(same).toBe(true);
  });

  test("results are what JSON keeps of them", async () => {
    expect(await act("function")).toEqual({ kept: 2 });
  });
});

test.each([
  ["snooze", { name: "Snooze", afterMs: 1_234 }],
  ["retry", { name: "RetryableError", retryable: true, afterMs: 50 }],
  ["permanent", { code: "undecodable_file", message: "never", retryable: false }],
  ["missing", { message: expect.stringContaining('no artifact "none"') }],
])("what a step throws arrives as it was thrown: %s", async (name, expected) => {
  await expect(act(name)).rejects.toMatchObject(expected);
});

describe("a child", () => {
  test("is used again, also after a failure", async () => {
    const pid = await act("pid");
    await expect(act("permanent")).rejects.toThrow("never");
    expect(await act("pid")).toBe(pid);
  });

  test("is replaced when its step left work behind", async () => {
    const pid = (await act("pid")) as number;
    await expect(act("abandon")).rejects.toMatchObject({ code: "undecodable_file", message: "given up" });
    expect(await act("pid")).not.toBe(pid);
    await gone(pid);
  });

  test.each(["spin", "sleep"])("is killed at once when its attempt is aborted: %s", async (name) => {
    told.length = 0;
    const pid = (await act("pid")) as number;
    const stop = new AbortController();
    const running = act(name, stop.signal);
    const pids = name === "sleep" ? await pidsTold() : [pid];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(performance.now() - began).toBeLessThan(100);
    await gone(...pids);
    expect(await act("pid")).not.toBe(pid);
  });

  test.each(["grow", "growSlowly", "heap", "burst", "programs"])(
    "that needs more than its ceiling is stopped: %s",
    { timeout: 60_000 },
    async (name) => {
      await expect(act(name)).rejects.toMatchObject({
        code: "too_much_memory",
        message: expect.stringContaining("256 MiB"),
        retryable: false,
      });
      expect(await act("pid")).toEqual(expect.any(Number));
    },
  );

  test("that crashes is a death, and disturbs no neighbor", async () => {
    const stop = new AbortController();
    told.length = 0;
    const neighbor = act("sleep", stop.signal);
    neighbor.catch(() => {});
    const [pid] = await pidsTold();
    await expect(act("crash")).rejects.toBeInstanceOf(ChildDied);
    expect(lives(pid!)).toBe(true);
    stop.abort(new Error("enough"));
    await expect(neighbor).rejects.toThrow("enough");
  });

  test("has no credentials, no foreign socket, no network where that is enforced, and low priority", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    Object.assign(process.env, {
      MILLRACE_STORE: "postgres://u:topsecret@h/d",
      AWS_SECRET_ACCESS_KEY: "topsecret",
      PGPASSWORD: "topsecret",
      LC_PORT: String((server.address() as AddressInfo).port),
    });
    const fresh = isolationPool({ ...source, warm: new Map() });
    const found = await act("surroundings", undefined, fresh);
    await fresh.close();
    server.close();
    expect(JSON.stringify(found)).not.toContain("topsecret");
    expect(found).toMatchObject({ priority: 19, connected: sandbox.noNetwork === null });
  });
});

test("closing the pool ends its children", async () => {
  const own = isolationPool({ ...source, warm: new Map([[256, 1]]) });
  const pid = (await act("pid", undefined, own)) as number;
  await own.close();
  expect(lives(pid)).toBe(false);
});

test("a child that cannot be started charges no attempt, and says why", async () => {
  const broken = isolationPool({ loader: "file:///nowhere.js", source: null, warm: new Map() });
  await expect(act("pid", undefined, broken)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("nowhere.js"),
  });
  await broken.close();
});
