import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testSchema } from "../src/adapters/postgres/testing.ts";
import { addressOf, withService } from "../src/testing/services.ts";
import { eventually } from "../src/testing/wait.ts";

const root = join(import.meta.dirname, "..");
const samples = join(root, "samples");
const schema = testSchema();

await withService("PostgreSQL", addressOf(schema.url, 5432), () => {
  let folder = "";
  const children = new Set<ChildProcess>();
  let apis: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
    const started = await Promise.all([
      role("api", "--port", "0"),
      role("api", "--port", "0"),
      role("worker"),
      role("worker"),
    ]);
    apis = started.slice(0, 2).map((line) => /http:\S+/.exec(line)![0]);
  });

  afterAll(async () => {
    await Promise.all([...children].map(stop));
    await rm(folder, { recursive: true, force: true });
    await schema.drop();
  });

  /** Starts one role by its command. Returns what it prints when it is ready. */
  async function role(...args: string[]): Promise<string> {
    const child = spawn(
      process.execPath,
      [
        join(root, "bin", "millrace.js"),
        ...args,
        "--pipelines",
        join(import.meta.dirname, "cli", "pipeline.ts"),
      ],
      {
        cwd: folder,
        env: { ...process.env, MILLRACE_STORE: schema.url, MILLRACE_BLOBS: `file:${join(folder, "blobs")}` },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children.add(child);
    child.once("exit", () => children.delete(child));
    const line = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    if (typeof line[0] === "number") throw new Error(`millrace ${args[0]} ended with ${line[0]}`);
    return String(line[0]);
  }

  test("a conversion asked of one API is seen, and its files are read, at the other", async () => {
    const [asked, other] = apis as [string, string];
    const form = new FormData();
    form.set("pipeline", "image.convert");
    form.set("options", JSON.stringify({ format: "webp", width: 320 }));
    for (const name of ["dunes.jpg", "sea.jpg", "pines.jpg", "flower.png"]) {
      form.append("files", new File([await readFile(join(samples, name))], name));
    }
    const events = await fetch(`${other}/v1/events`, { headers: { accept: "text/event-stream" } });
    const heard = readText(events);
    const answer = await fetch(`${asked}/v1/jobs`, { method: "POST", body: form });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as { id: string };
    await eventually(
      () => heard.text.includes("job.succeeded"),
      20_000,
      () => `heard ${heard.text.slice(-500)}`,
    );
    await heard.stop();
    const job = (await (await fetch(`${other}/v1/jobs/${id}`)).json()) as {
      state: string;
      items: { outputs: { artifactId: string }[] }[];
    };
    expect(job.state).toBe("succeeded");
    for (const { outputs } of job.items) {
      const file = await fetch(`${other}/v1/artifacts/${outputs[0]!.artifactId}`);
      expect(file.headers.get("content-type")).toBe("image/webp");
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(500);
    }
  });

  test("the tasks of a worker that was killed run again within 2 s, uncharged", async () => {
    const log = join(folder, "noted.log");
    const [asked, other] = apis as [string, string];
    const answer = await fetch(`${asked}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pipeline: "noted", options: { log, ms: 3_000 } }),
    });
    const { id } = (await answer.json()) as { id: string };
    await eventually(
      async () => (await runs(log)).length === 1,
      10_000,
      () => "the step did not start",
    );
    const [first] = await runs(log);
    process.kill(first!.pid, "SIGKILL");
    const killedAt = Date.now();
    await eventually(
      async () => (await runs(log)).length === 2,
      10_000,
      () => "the step did not run again",
    );
    const [, second] = await runs(log);
    expect(second!.pid).not.toBe(first!.pid);
    expect(second!.at - killedAt).toBeLessThan(2_000);
    type Item = { attempt: number; result: unknown };
    let job = { state: "", items: [] as Item[] };
    await eventually(
      async () => {
        job = (await (await fetch(`${other}/v1/jobs/${id}`)).json()) as typeof job;
        return job.state === "succeeded";
      },
      15_000,
      () => `the job is ${job.state}`,
    );
    expect(job.items[0]).toMatchObject({ attempt: 1, result: second!.pid });
  });

  test("SIGTERM ends the roles in order", async () => {
    const codes = await Promise.all([...children].map(stop));
    expect(codes).toEqual(codes.map(() => 0));
  });
});

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill("SIGTERM");
  await once(child, "exit");
  return child.exitCode;
}

async function runs(log: string): Promise<{ pid: number; at: number }[]> {
  const text = await readFile(log, "utf8").catch(() => "");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [pid, at] = line.split(" ").map(Number);
      return { pid: pid!, at: at! };
    });
}

/** Collects the text of a stream. */
function readText(response: Response): { text: string; stop(): Promise<void> } {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  const heard = { text: "", stop: () => reader.cancel() };
  const read = async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      heard.text += decoder.decode(part.value, { stream: true });
    }
  };
  read().catch(() => {});
  return heard;
}
