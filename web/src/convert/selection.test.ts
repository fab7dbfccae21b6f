import { beforeEach, expect, test } from "vitest";
import { addFiles, choosePreview, clearSelection, removePicked, selection } from "./selection.ts";

const accepts = {
  mediaTypes: ["image/png"],
  minFiles: 1,
  maxFiles: 50,
  maxFileBytes: 100,
  maxItems: 0,
  data: null,
};
const png = (name: string, size = 20) =>
  new File(
    [
      "\x89PNG\r\n\x1a\n".split("").map((char) => new Uint8Array([char.charCodeAt(0)])),
      "x".repeat(size - 8),
    ].flat(),
    name,
    {
      lastModified: 1,
    },
  );
const names = () => selection.get().picked.map(({ file }) => file.name);

beforeEach(clearSelection);

test("pictures are known by content, not by name", async () => {
  await addFiles([png("holiday.txt"), new File(["hello"], "fake.png")], "files", accepts);
  expect(selection.get().picked.map(({ rejection }) => rejection)).toEqual([null, "type"]);
});

test("says why a file cannot be sent", async () => {
  await addFiles([png("large.png", 101), new File([], "empty.png")], "files", accepts);
  expect(selection.get().picked.map(({ rejection }) => rejection)).toEqual(["size", "empty"]);
});

test("other files of a folder are left out and counted", async () => {
  await addFiles([png("a.png"), new File(["x"], ".DS_Store")], "folder", accepts);
  expect(names()).toEqual(["a.png"]);
  expect(selection.get().leftOut).toBe(1);
});

test("the same file is added once", async () => {
  expect(await addFiles([png("a.png")], "files", accepts)).toBe(1);
  expect(await addFiles([png("a.png"), png("b.png")], "files", accepts)).toBe(1);
  expect(names()).toEqual(["a.png", "b.png"]);
});

test("the preview moves on when its picture is removed", async () => {
  await addFiles([new File(["x"], "no.txt"), png("a.png"), png("b.png")], "files", accepts);
  const [, a, b] = selection.get().picked;
  expect(selection.get().previewId).toBe(a!.id);
  choosePreview(b!.id);
  removePicked((entry) => entry.id === b!.id);
  expect(selection.get().previewId).toBe(a!.id);
});
