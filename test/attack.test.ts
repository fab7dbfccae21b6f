import { expect, test } from "vitest";
import { attack } from "./attack/run.ts";

test("a short attack from outside finds nothing", { timeout: 400_000 }, async () => {
  const found = await attack({ short: true });
  expect(found.filter(({ findings }) => findings.length > 0)).toEqual([]);
  expect(found).toHaveLength(10);
});
