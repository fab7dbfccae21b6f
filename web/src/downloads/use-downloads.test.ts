import { expect, test } from "vitest";
import { withDownload } from "./use-downloads.ts";

const archive = (downloads: number, sentBytes = 0, totalBytes = 0) => ({ downloads, sentBytes, totalBytes });

test("a download shows how far it is, until it ends or nothing more is heard of it", () => {
  const one = withDownload(new Map(), "a", archive(1, 43, 100));
  const two = withDownload(one, "b", archive(2, 1, 4));
  expect([...two]).toEqual([
    ["a", 0.43],
    ["b", 0.25],
  ]);
  expect([...withDownload(two, "b", archive(0))]).toEqual([["a", 0.43]]);
  expect([...withDownload(two, "a", null)]).toEqual([["b", 0.25]]);
});
