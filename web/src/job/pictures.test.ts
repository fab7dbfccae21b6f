import { expect, test } from "vitest";
import type { FileView, JobItem } from "../api/contract.ts";
import { canCompare, pictureOf, totalsOf } from "./pictures.ts";

const file = (mediaType: string, bytes: number) => ({ mediaType, bytes }) as FileView;
const item = (input: FileView | null, ...outputs: FileView[]) =>
  ({ state: "succeeded", input, outputs }) as JobItem;

test("the result stands for an item, unless it is large", () => {
  const small = file("image/webp", 1_000);
  expect(pictureOf(item(file("image/jpeg", 5_000_000), small))).toBe(small);
  expect(pictureOf(item(null, file("image/png", 9_000_000)))).toBeNull();
  expect(pictureOf(item(file("image/jpeg", 5_000_000)))).toBeNull();
  expect(pictureOf(item(file("image/tiff", 1_000)))).toBeNull();
});

test("what the browser shows can be compared", () => {
  expect(canCompare(item(file("image/tiff", 1), file("image/webp", 1)))).toBe(true);
  expect(canCompare(item(file("image/jpeg", 1), file("image/tiff", 1)))).toBe(false);
  expect(canCompare(item(file("text/plain", 1), file("image/png", 1)))).toBe(false);
});

test("totals count what was converted", () => {
  const failed = { ...item(file("image/jpeg", 7)), state: "failed" } as JobItem;
  const items = [item(file("image/jpeg", 100), file("image/webp", 40)), failed];
  expect(totalsOf(items)).toEqual({ before: 100, after: 40 });
  expect(totalsOf([failed])).toBeNull();
  expect(totalsOf([item(file("application/pdf", 100), file("text/plain", 200))])).toBeNull();
});
