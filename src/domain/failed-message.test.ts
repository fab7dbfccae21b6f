import { expect, test } from "vitest";
import { failedMessage } from "./failed-message.ts";

test.each([
  [1, 1, "some", "The only item failed."],
  [1, 1, "every", "The only item failed."],
  [3, 3, "some", "All 3 items failed."],
  [1, 3, "every", '1 of 3 items failed, and the step "gather" needs them all.'],
] as const)("%i of %i failed, and the step needs %s", (failed, total, needs, message) => {
  expect(failedMessage("item", { failed, total }, { name: "gather", needs })).toBe(message);
});
