import { expect, test } from "vitest";
import { traitsOf, unusualTraits, usualTraits } from "./job-spec.ts";

test("what is not said of a job is usual, and what is usual tells requests apart by nothing", () => {
  expect(traitsOf({})).toEqual(usualTraits);
  expect(unusualTraits(traitsOf({}))).toEqual({});
  expect(unusualTraits(traitsOf({ priority: 9 }))).toEqual({ priority: 9 });
});
