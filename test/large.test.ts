import { expect, test } from "vitest";
import { largeResults, type Seen } from "./large/large.ts";

test("memory stays bounded, however large the results of a job are together", {
  timeout: 240_000,
}, async () => {
  const seen: Seen[] = [];
  await largeResults({ longest: 20, many: 150, items: 600, jobs: 3 }, (one) => seen.push(one));
  expect(seen).toHaveLength(10);
  const { supervisor, api, worker } = seen.at(-1)!.peakMiB;
  expect(supervisor, JSON.stringify(seen)).toBeLessThan(350);
  expect(api, JSON.stringify(seen)).toBeLessThan(350);
  expect(worker, JSON.stringify(seen)).toBeLessThan(450);
});
