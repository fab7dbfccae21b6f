import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { openFileBlobs } from "../adapters/files/blobs.ts";
import { sqliteBroker } from "../adapters/sqlite/broker.ts";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { sqliteStore } from "../adapters/sqlite/store.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import { definePipeline } from "../pipeline/pipeline.ts";
import { createEngine } from "./create-engine.ts";
import { pipelineRegistry } from "./pipelines.ts";

const text = definePipeline({
  name: "text",
  version: 1,
  title: "Text",
  accepts: { mediaTypes: ["*"], maxFiles: 10 },
}).each("nothing", () => null);

test("a job takes over the pin of a file that was received, whatever copies were made of it", async () => {
  const { engine, receive } = await open();
  const file = await receive("a");
  const { job } = await engine.createJob(jobOf([{ ...file }, structuredClone(file)]));
  await engine.removeJob("me", job.id);
  expect(await collected(engine)).toContain(file.blob);
});

test("a pin that two files of the same content hold is taken back once for each", async () => {
  const { engine, receive } = await open();
  const [first, second] = [await receive("same"), await receive("same")];
  expect(first.blob).toBe(second.blob);
  const { job } = await engine.createJob(jobOf([first, first]));
  await engine.removeJob("me", job.id);
  expect(await collected(engine)).not.toContain(first.blob);
  await engine.discard([second]);
  expect(await collected(engine)).toContain(first.blob);
});

function jobOf(files: Parameters<Engine["createJob"]>[0]["files"]) {
  return { owner: "me", pipeline: "text", options: {}, files };
}

type Engine = Awaited<ReturnType<typeof open>>["engine"];

function collected({ store }: Engine): Promise<string[]> {
  return store.collect({ now: store.now(), limit: 1_000 });
}

async function open() {
  const { socketPath, close } = await testWriter({ publishes: true });
  const folder = await mkdtemp(join(tmpdir(), "millrace-pins-"));
  const client = await connectWriter(socketPath);
  const engine = createEngine({
    store: sqliteStore(client, { publishes: true }),
    database: sqliteDatabase(client),
    broker: sqliteBroker(client),
    bus: sqliteBus(client),
    blobs: await openFileBlobs(folder),
    pipelines: pipelineRegistry([text]),
  });
  onTestFinished(async () => {
    await client.close();
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  const receive = (content: string) =>
    engine.receive(Readable.from([Buffer.from(content)]), {
      name: "a.txt",
      mediaTypes: ["*"],
      maxBytes: 100,
    });
  return { engine, receive };
}
