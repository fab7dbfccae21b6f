import { afterEach, expect, test } from "vitest";
import { type Program, startProgram } from "../architectures/child.ts";
import { inputOf, pageTexts } from "./input.ts";
import { work } from "./work.ts";
import type { WorkSettings } from "./workload.ts";

const settings = (workload: WorkSettings["workload"], amount = 0): WorkSettings => ({
  ...{ workload, amount, device: null },
});
let device: Program | null = null;

afterEach(async () => {
  await device?.stop();
  device = null;
});

test("two pages are read as pictures, with the steps of the product", { timeout: 60_000 }, async () => {
  const file = await inputOf("document.ocr", null);
  expect((await inputOf("document.ocr", null)).data.equals(file.data)).toBe(true);
  const { preview, startedAt, endedAt } = await work(settings("document.ocr"), file);
  expect(preview).toContain(pageTexts[0]![0]);
  expect(endedAt).toBeGreaterThan(startedAt);
});

test("a document that cannot be read fails", async () => {
  const file = { name: "a.pdf", data: Buffer.from("%PDF-1.7\nnothing"), mediaType: "application/pdf" };
  await expect(work(settings("document.ocr"), file)).rejects.toThrow();
});

test("the same file comes to the same result, and another one to another", async () => {
  const picture = await inputOf("image.convert", null);
  const [first, second] = [
    await work(settings("image.convert"), picture),
    await work(settings("image.convert"), picture),
  ];
  expect(second.result).toBe(first.result);
  const spun = await Promise.all([1, 2, 2].map((slices) => work(settings("spin", slices), picture)));
  expect(spun[1]!.result).toBe(spun[2]!.result);
  expect(spun[0]!.result).not.toBe(spun[1]!.result);
});

test("waiting costs no one else's time; the one device serves one after the other", async () => {
  device = await startProgram(new URL("./device-process.ts", import.meta.url), {});
  const file = await inputOf("sleep", null);
  const total = async (one: WorkSettings) => {
    const done = await Promise.all([1, 2, 3, 4].map(() => work(one, file)));
    return (
      Math.max(...done.map(({ endedAt }) => endedAt)) - Math.min(...done.map(({ startedAt }) => startedAt))
    );
  };
  const [waited, queued] = [
    await total(settings("sleep", 500)),
    await total({ ...settings("exclusive", 500), device: device.url }),
  ];
  // Timers may fire up to a millisecond early.
  expect(queued).toBeGreaterThanOrEqual(1_996);
  expect(waited).toBeLessThan(queued);
});
