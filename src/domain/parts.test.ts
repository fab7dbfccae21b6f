import { expect, test } from "vitest";
import { newId, parseTaskId, taskId } from "./ids.ts";
import { MOST_PARTS, MOST_SPLIT_ITEMS, partAt, partNumber, partNumbers } from "./parts.ts";

test("every part has a number of its own, below the items and in their order", () => {
  const last = { item: MOST_SPLIT_ITEMS - 1, part: MOST_PARTS - 1 };
  const parts = [
    { item: 0, part: 0 },
    { item: 0, part: 1 },
    { item: 1, part: 0 },
    { item: 7, part: 99_999 },
    last,
  ];
  const numbers = parts.map(partNumber);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(numbers.map(partAt)).toEqual(parts);
  expect(numbers[0]).toBe(-(2 ** 31));
  expect(numbers.at(-1)).toBeLessThan(-1);
  const [first, end] = partNumbers(1);
  expect([first, end].map(partAt)).toEqual([
    { item: 1, part: 0 },
    { item: 1, part: MOST_PARTS - 1 },
  ]);
  expect([-1, 0, 5].map(partAt)).toEqual([null, null, null]);
});

test("a part's task has an id that says so", () => {
  const jobId = newId();
  const item = partNumber({ item: 3, part: 17 });
  expect(parseTaskId(taskId(jobId, item))).toEqual({ jobId, item });
  for (const wrong of ["-2147483649", "-1", "--5", "-99999999999"]) {
    expect(parseTaskId(`${jobId}.${wrong}`)).toBeNull();
  }
});
