import { expect, test } from "vitest";
import type { Job } from "../api/contract.ts";
import { retryMayHelp } from "./retry.ts";

const none = { total: 0, done: 0, failed: 0 };
const failed = (code: string) => ({ state: "failed", error: { code, message: "" }, parts: none });
const job = (items: object[], total = items.length) => ({ items, progress: { total } }) as Job;

test("a file that cannot be read is not tried again, whatever else succeeded", () => {
  const done = { state: "succeeded", error: null, parts: none };
  expect(retryMayHelp(job([done, failed("undecodable_file")]))).toBe(false);
  expect(retryMayHelp(job([failed("too_many_pixels"), failed("fetch_failed")]))).toBe(true);
});

test("a pipeline's own errors, failed parts and items that are not at hand may change", () => {
  expect(retryMayHelp(job([failed("out_of_paper")]))).toBe(true);
  expect(retryMayHelp(job([{ state: "succeeded", error: null, parts: { ...none, failed: 1 } }]))).toBe(true);
  expect(retryMayHelp(job([failed("undecodable_file")], 200))).toBe(true);
});
