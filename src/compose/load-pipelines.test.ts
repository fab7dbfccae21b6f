import { expect, test } from "vitest";
import { definePipeline } from "../pipeline/pipeline.ts";
import { loadPipelines, ownPipelines } from "./load-pipelines.ts";

const settings = {
  ...{ maxMegapixels: 100, maxFiles: 50, maxFileMiB: 20, maxDocumentMiB: 100, ocr: "auto" as const },
  ...{ pipelines: [], queueLimit: null },
};
const make = (version: number, more: { name?: string; replaces?: boolean } = {}) =>
  definePipeline({ name: "image.convert", title: "Mine", version, ...more }).each("work", () => null);

test("a pipeline that hides a built-in ends the start, whatever its version, unless it says so", async () => {
  await expect(loadPipelines(settings, [make(1)])).rejects.toMatchObject({ code: "config_invalid" });
  await expect(loadPipelines(settings, [make(2)])).rejects.toThrow(
    /image\.convert, version 2, "Mine", hides a built-in one/,
  );
  for (const version of [1, 2]) {
    const mine = make(version, { replaces: true });
    expect((await loadPipelines(settings, [mine])).get("image.convert")).toBe(mine);
  }
  const builtIn = (await loadPipelines(settings, [])).list().length;
  const all = (await loadPipelines(settings, [make(1, { name: "own.convert" })])).list();
  expect(all).toHaveLength(builtIn + 1);
});

test.each([null, 10])(
  "own pipelines are told from the built-in ones, with the queue limit %j",
  async (queueLimit) => {
    const inline = [make(1, { name: "own.convert" }), make(9, { replaces: true })];
    const loaded = await loadPipelines({ ...settings, queueLimit }, inline);
    expect(ownPipelines(loaded).sort()).toEqual(["image.convert", "own.convert"]);
  },
);
