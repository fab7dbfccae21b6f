import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveConfig } from "../src/compose/config.ts";
import { openEngine } from "../src/compose/open-engine.ts";
import { createEngine } from "../src/engine/create-engine.ts";
import { addressOf, withServices } from "../src/testing/services.ts";
import { cleaners } from "./crash/cleaning.ts";
import { droppedIn, roles } from "./forged/roles.ts";
import { serviceUrls } from "./services.ts";

const name = `forged-${randomBytes(4).toString("hex")}`;
const urls = serviceUrls(name);
const addresses = { PostgreSQL: addressOf(urls.postgres, 5432), Redis: addressOf(urls.redis, 6379) };

await withServices(addresses, () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-forged-"));
  const env = {
    MILLRACE_STORE: urls.postgres,
    MILLRACE_BROKER: urls.redis,
    MILLRACE_BLOBS: `file:${join(folder, "blobs")}`,
    MILLRACE_LOG: "warn",
  };
  const { start, log, stop } = roles(folder, env);
  const redis = new Redis(urls.redis, { keyPrefix: "" });
  let url = "";

  beforeAll(async () => {
    const [api] = await Promise.all([start("api", "--port", "0"), start("worker")]);
    url = /http:\S+/.exec(api)![0];
  });
  afterAll(async () => {
    await stop();
    redis.disconnect();
    await cleaners.redis(urls.redis);
    await cleaners.postgres(urls.postgres);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** Sends a request that fails quickly if the process hangs. */
  async function ask(path: string): Promise<string> {
    return (await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5_000) })).text();
  }
  const dropped = async (source: "bus" | "broker", reason: string) =>
    droppedIn(await ask("/metrics"), source, reason);
  const { db = 0 } = redis.options;
  const tell = (topic: string, message: unknown) =>
    redis.publish(
      `${name}:bus:${db}:${topic}`,
      typeof message === "string" ? message : JSON.stringify(message),
    );

  test("who reaches the bus cannot hang the API, nor tell its clients anything", async () => {
    const events = await fetch(`${url}/v1/events`, { signal: AbortSignal.timeout(60_000) });
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    void (async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) heard += part.value;
    })().catch(() => {});
    const step = { queue: "image.convert/convert", outcome: "succeeded", count: 3e10, seconds: 1 };
    await tell("metrics", { worker: "w", steps: [step], dropped: [], lostLines: 4 });
    await tell("metrics", {
      worker: "w",
      steps: [{ ...step, queue: "made/up", count: 1 }],
      dropped: [],
      lostLines: 4,
    });
    await tell("live", { owner: "local", jobId: "x", type: "job.succeeded", index: 0, attempt: 1, data: {} });
    for (const message of ["", "null", "[".repeat(100_000), '"\n\nevent: job.succeeded'])
      await tell("live", message);
    await tell("log", "local");
    await tell("revoked", ["anything"]);
    await ask("/healthz");
    await expect.poll(() => dropped("bus", "unsigned")).toBeGreaterThan(5);
    expect(await ask("/metrics")).not.toContain("made/up");
    await reader.cancel();
    expect(heard).not.toContain("job.succeeded");
    expect(log().match(/a message on the bus was dropped/g)!.length).toBeLessThanOrEqual(4);
  });

  test("who reaches the broker cannot make a worker ask the records, nor fill its dead letters", async () => {
    const stream = `${name}:{image.convert/convert}`;
    const hint = { taskId: "0190a0b0-0000-7000-8000-000000000000.0", generation: 1 };
    for (let n = 0; n < 50; n++) await redis.xadd(stream, "*", "i", `forged-${n}`, "p", JSON.stringify(hint));
    await redis.xadd(stream, "*", "i", "forged", "p", JSON.stringify({ ...hint, tag: "A".repeat(22) }));
    await redis.xadd(stream, "*", "something", "else");
    await expect.poll(() => dropped("broker", "unsigned"), { timeout: 60_000 }).toBe(50);
    expect(await dropped("broker", "forged")).toBe(1);
    expect(await dropped("broker", "malformed")).toBe(1);
    await expect.poll(() => redis.xlen(stream)).toBe(0);
    expect(await redis.exists(`${stream}:dead`)).toBe(0);
    expect(log().match(/a message on the broker was dropped/g)).toHaveLength(3);
  });

  test("what a process of before signs nothing for is not lost: the sweeper hands it out again", {
    timeout: 60_000,
  }, async () => {
    const { config } = await resolveConfig({ data: folder }, env, folder);
    const { engine, close } = await openEngine({ config, writer: null });
    const before = createEngine({ ...engine, hintSigner: null });
    const { job } = await before.createJob({
      owner: "local",
      pipeline: "image.convert",
      options: {},
      files: [
        await before.receive(Readable.from([Buffer.from(PNG, "base64")]), {
          name: "a.png",
          mediaTypes: ["image/png"],
          maxBytes: 1_000,
        }),
      ],
    });
    await close();
    await expect
      .poll(async () => (JSON.parse(await ask(`/v1/jobs/${job.id}`)) as { state: string }).state, {
        timeout: 60_000,
      })
      .toBe("succeeded");
    expect(await dropped("broker", "unsigned")).toBe(51);
  });
});

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
