import { beforeEach, expect, test } from "vitest";
import type { JobItem } from "../api/contract.ts";
import { clearReused, removeReused, reuse, reused, setReusedOwn } from "./reused.ts";

const job = { id: "job", options: { format: "webp", width: 320, quality: 70 } };
const item = (name: string, options: JobItem["options"], deleted = false) =>
  ({ name, options, input: { artifactId: `${name}.in`, name, deleted } }) as unknown as JobItem;
const own = () => reused.get().files.map((file) => [file.title, file.own]);

beforeEach(clearReused);

test("each image that is still there keeps its own options", () => {
  reuse(job, [
    item("gone.jpg", null, true),
    item("a.jpg", null),
    item("b.jpg", { format: "png", width: 200, quality: 70 }),
  ]);
  expect(own()).toEqual([
    ["a.jpg", null],
    ["b.jpg", { format: "png", width: 200 }],
  ]);
  expect(reused.get()).toMatchObject({ jobId: "job", previewId: "a.jpg.in" });
});

test("options are set for one image, and leave with it", () => {
  reuse(job, [item("a.jpg", null), item("b.jpg", null)]);
  setReusedOwn("b.jpg.in", { format: "avif" });
  expect(own()).toEqual([
    ["a.jpg", null],
    ["b.jpg", { format: "avif" }],
  ]);
  removeReused("b.jpg.in");
  expect(own()).toEqual([["a.jpg", null]]);
});
