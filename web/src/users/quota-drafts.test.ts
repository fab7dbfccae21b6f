import { expect, test } from "vitest";
import { draftsOf, isValidQuota, quotasOf } from "./quota-drafts.ts";

test("quotas come back as they were, also those that are as usual or without a limit", () => {
  const quotas = { jobs: 5, storedBytes: 3 * 1_000 ** 3, requestsPerMinute: null };
  expect(draftsOf(quotas)).toMatchObject({
    jobs: { mode: "own", value: 5 },
    storedBytes: { mode: "own", value: 3 },
    itemsPerDay: { mode: "usual" },
    requestsPerMinute: { mode: "none" },
  });
  expect(quotasOf(draftsOf(quotas))).toEqual(quotas);
});

test("an own limit is a whole number; of gigabytes, any", () => {
  expect(isValidQuota("jobs", { mode: "own", value: null })).toBe(false);
  expect(isValidQuota("jobs", { mode: "own", value: 1.5 })).toBe(false);
  expect(isValidQuota("jobs", { mode: "own", value: 0 })).toBe(true);
  expect(isValidQuota("storedBytes", { mode: "own", value: 1.5 })).toBe(true);
  expect(isValidQuota("storedBytes", { mode: "own", value: -1 })).toBe(false);
});
