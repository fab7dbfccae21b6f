import { expect, test } from "vitest";
import { definePipeline } from "../pipeline/pipeline.ts";
import { loadPipelines } from "./load-pipelines.ts";

const settings = { maxMegapixels: 100, maxFiles: 50, maxFileMiB: 20, pipelines: [], queueLimit: null };
const make = (version: number, more: { name?: string; replaces?: boolean } = {}) =>
  definePipeline({ name: "image.convert", title: "Mine", version, ...more }).each("work", () => null);

test("a pipeline that hides a built-in ends the start, whatever its version, unless it says so", async () => {
  await expect(loadPipelines(settings, [make(1)])).rejects.toMatchObject({ code: "config_invalid" });
  await expect(loadPipelines(settings, [make(2)])).rejects.toThrow(
    /image\.convert of version 2, "Mine", hides the built-in one/,
  );
  for (const version of [1, 2]) {
    const mine = make(version, { replaces: true });
    expect((await loadPipelines(settings, [mine])).get("image.convert")).toBe(mine);
  }
  expect((await loadPipelines(settings, [make(1, { name: "own.convert" })])).list()).toHaveLength(2);
});
