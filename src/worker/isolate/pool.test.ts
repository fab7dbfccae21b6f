import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ChildDied, type Isolation } from "../../engine/isolation.ts";
import { StepTimeout } from "../../engine/step-timeout.ts";
import { eventually } from "../../testing/wait.ts";
import { type Acting, acting, nowhere, source } from "./fixtures/acting.ts";
import { isolationPool } from "./pool.ts";
import { processorMs } from "./processor-time.ts";
import { findSandbox, type Sandbox } from "./sandbox.ts";
import { stepProcess } from "./spawn.ts";

let steps: Acting;
let pool: Isolation;
let sandbox: Sandbox;
const told: string[] = [];

beforeAll(async () => {
  steps = await acting();
  sandbox = await findSandbox();
  pool = isolationPool({ ...source, warm: new Map([[256, 1]]) });
});
afterAll(async () => {
  await pool.close();
  await steps[Symbol.asyncDispose]();
});

async function act(name: string, signal = new AbortController().signal, within = pool): Promise<unknown> {
  const tell = (text: string) => told.push(text);
  const { warnings, ...attempt } = await steps.attempt(name, { signal, onProgress: tell, onDelta: tell });
  const result = await within.run(attempt);
  told.push(...warnings.list().map(({ code }) => code));
  return result;
}

/** Waits for the process ids that the step reported, and takes them. */
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

/** False for a zombie that its parent has not reaped yet. */
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
    expect(result.folder).toContain(steps.folder);
    expect(told.splice(0)).toEqual(["half", "word", "rough"]);
  });

  test("looks entries of catalogs up", async () => {
    expect(await act("lookup")).toBe("a of letters");
    // The worker makes the call; the step's own process validates the answer.
    expect(await act("ai")).toEqual([["fast"], { of: "object", models: 1 }, "p/fast"]);
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
  // After a turn that came at once.
  ["turn", { name: "Snooze", afterMs: 4_321 }],
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

  test("that computed for most of its time would do so again: its timeout is final", async () => {
    const pid = (await act("pid")) as number;
    const stop = new AbortController();
    const before = processorMs(pid)!;
    const running = act("spin", stop.signal);
    running.catch(() => {});
    await eventually(
      () => processorMs(pid)! > before + 500,
      60_000,
      () => "the step does not compute",
    );
    stop.abort(new StepTimeout("act", 900));
    await expect(running).rejects.toMatchObject({
      code: "step_timeout",
      retryable: false,
      message: expect.stringMatching(
        /longer than 0.9 s and used the processor for \d+ s of it, .* timeoutMs/,
      ),
    });
  });

  test("that waited for others may have more luck: its timeout is tried again", async () => {
    told.length = 0;
    const stop = new AbortController();
    const running = act("sleep", stop.signal);
    running.catch(() => {});
    await pidsTold();
    stop.abort(new StepTimeout("act", 20_000));
    await expect(running).rejects.toMatchObject({
      code: "step_timeout",
      retryable: true,
      message: "The step act took longer than 20 s.",
    });
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
    const { files } = found as { files: [number, string][] };
    // Its output streams, and the channel to the worker.
    expect(files.filter(([, target]) => target.startsWith("socket:")).map(([fd]) => fd)).toEqual([1, 2, 3]);
    expect(files.filter(([, target]) => /^\/(?!dev\/)/.test(target))).toEqual([]);
    expect(found).toMatchObject({ priority: 19, connected: sandbox.noNetwork === null });
  });
});

test("what a child writes is passed on up to a bound, and never held", async () => {
  const passed: Record<"stdout" | "stderr", number> = { stdout: 0, stderr: 0 };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      passed[name] += chunk.length;
      return true;
    }),
  );
  try {
    await expect(act("shout")).rejects.toThrow("hoarse");
    await expect(act("shout")).rejects.toThrow("hoarse");
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  for (const bytes of Object.values(passed)) {
    expect(bytes).toBeGreaterThan(64 * 1024);
    expect(bytes).toBeLessThan(2 * 65 * 1024);
  }
});

test.runIf(process.platform === "linux")(
  "a step process closes the files and sockets that it inherits",
  async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { fd: socket } = (server as unknown as { _handle: { fd: number } })._handle;
    const file = openSync(import.meta.filename, "r");
    const [command, ...args] = stepProcess;
    const child = spawn(command!, args, { stdio: ["ignore", "ignore", "ignore", "ipc", file, socket] });
    // Descriptors come and go while the process starts.
    const linkOf = (fd: string) => {
      try {
        return readlinkSync(`/proc/${child.pid}/fd/${fd}`);
      } catch {
        return "";
      }
    };
    const links = () =>
      readdirSync(`/proc/${child.pid}/fd`)
        .map(linkOf)
        .filter((link) => link === import.meta.filename || link.startsWith("socket:"));
    await expect.poll(links).toContain(import.meta.filename);
    child.send({ kind: "load", ...source });
    await once(child, "message");
    // The channel.
    expect(links()).toHaveLength(1);
    child.kill("SIGKILL");
    server.close();
    closeSync(file);
  },
);

test("closing the pool ends its children", async () => {
  const own = isolationPool({ ...source, warm: new Map([[256, 1]]) });
  const pid = (await act("pid", undefined, own)) as number;
  await own.close();
  expect(lives(pid)).toBe(false);
});

test("a child that cannot be started charges no attempt, and says why", async () => {
  const broken = isolationPool({ ...nowhere, warm: new Map() });
  await expect(act("pid", undefined, broken)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("nowhere.js"),
  });
  await broken.close();
});
