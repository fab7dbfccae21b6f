import { expect, test } from "vitest";
import { safePath } from "./next.ts";

test("after the login one comes back to a place of this page, and never elsewhere", () => {
  expect(safePath("/jobs?state=failed")).toBe("/jobs?state=failed");
  for (const path of [
    null,
    "",
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/login?next=/",
  ]) {
    expect(safePath(path)).toBe("/");
  }
});
