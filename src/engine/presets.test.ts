import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { sqliteBus } from "../adapters/sqlite/bus.ts";
import { connectWriter } from "../adapters/sqlite/client.ts";
import { sqliteDatabase } from "../adapters/sqlite/database.ts";
import { testWriter } from "../adapters/sqlite/testing.ts";
import { fileOption } from "../pipeline/file-option.ts";
import { definePipeline } from "../pipeline/pipeline.ts";
import { createReplica } from "../replica/replica.ts";
import { pipelineRegistry } from "./pipelines.ts";
import { createPresets, MOST_PRESETS } from "./presets.ts";

const options = z.object({ to: z.int().default(1), logo: fileOption("A logo.").optional() });
const pipeline = definePipeline({ name: "count", version: 1, title: "Count", options }).each(
  "count",
  () => 1,
);

async function open() {
  const { socketPath, close } = await testWriter({ publishes: false });
  const database = sqliteDatabase(await connectWriter(socketPath));
  const bus = sqliteBus(await connectWriter(socketPath));
  const replica = createReplica({ database, bus, now: Date.now });
  const presets = createPresets(replica, {
    pipelines: pipelineRegistry([pipeline]),
    store: { now: Date.now },
  });
  await replica.start();
  onTestFinished(async () => {
    await replica.close();
    await bus.close();
    await database.close();
    await close();
  });
  return presets;
}

const ada = { owner: "ada", isAdmin: false };
const bob = { owner: "bob", isAdmin: false };
const admin = { owner: "root", isAdmin: true };
const spec = { pipeline: "count", name: "one", options: { to: 2 }, visibility: "private" } as const;

test("a private preset is there for its owner alone", async () => {
  const presets = await open();
  const preset = await presets.create(ada, spec);
  expect(presets.get(ada, preset.id)).toEqual(preset);
  for (const other of [bob, admin]) {
    expect(presets.list(other, {})).toEqual([]);
    expect(() => presets.get(other, preset.id)).toThrow("no such preset");
    await expect(presets.change(other, preset.id, { name: "x" })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(presets.remove(other, preset.id)).rejects.toMatchObject({ code: "not_found" });
  }
});

test("admins publish for everyone, and nobody else changes what they did", async () => {
  const presets = await open();
  await expect(presets.create(ada, { ...spec, visibility: "everyone" })).rejects.toMatchObject({
    code: "forbidden",
  });
  const own = await presets.create(ada, spec);
  await expect(presets.change(ada, own.id, { visibility: "everyone" })).rejects.toMatchObject({
    code: "forbidden",
  });
  const preset = await presets.create(admin, { ...spec, visibility: "everyone" });
  expect(presets.list(bob, {})).toEqual([preset]);
  await expect(presets.change(bob, preset.id, { name: "x" })).rejects.toMatchObject({ code: "forbidden" });
  await expect(presets.remove(bob, preset.id)).rejects.toMatchObject({ code: "forbidden" });
  await presets.removeAll("root");
  await presets.removeAll("ada");
  expect(presets.list(ada, {})).toEqual([preset]);
});

test("a preset holds no files, and an owner a limited number of presets", async () => {
  const presets = await open();
  const withFile = { ...spec, options: { logo: { artifactId: "x" } } };
  await expect(presets.create(ada, withFile)).rejects.toMatchObject({ code: "invalid_options" });
  for (let n = 0; n < MOST_PRESETS; n++) await presets.create(ada, { ...spec, name: `${n}` });
  await expect(presets.create(ada, spec)).rejects.toMatchObject({ code: "quota_exceeded" });
  await presets.create(bob, spec);
});
