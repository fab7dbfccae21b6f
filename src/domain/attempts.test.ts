import { expect, test } from "vitest";
import { jobCommand } from "../testing/store/fixture.ts";
import { ATTEMPT_CHARACTERS, attemptRecord } from "./attempts.ts";
import { newTask } from "./ledger/hand-out.ts";
import type { JobRecord } from "./records.ts";

function recorded(total: number, message: string, detail: string) {
  const job = { ...jobCommand(), run: 1, total } as unknown as JobRecord;
  const task = { ...newTask(job, 0, 0), attempt: 1, startedAt: 1_000, worker: "w" };
  return attemptRecord(job, task, { outcome: "failed", error: { code: "c", message, detail } }, 1_500);
}

test("an attempt says when and where it ran, and how long", () => {
  expect(recorded(1, "m", "d")).toMatchObject({
    ...{ item: 0, step: "work", run: 1, attempt: 1, worker: "w", startedAt: 1_000, ms: 500 },
    error: { code: "c", message: "m", detail: "d" },
  });
});

test("what its error says is bounded, and less in a job of many items", () => {
  const length = (total: number) => {
    const { message, detail } = recorded(total, "m".repeat(100), "d".repeat(50_000)).error!;
    return message.length + detail!.length;
  };
  expect(length(1)).toBe(ATTEMPT_CHARACTERS);
  expect(length(10_000)).toBeLessThan(ATTEMPT_CHARACTERS);
  // All attempts at all items, at three attempts each.
  expect(length(10_000) * 10_000 * 3).toBeLessThanOrEqual(64 * 1024 * 1024);
  expect(recorded(1, "m".repeat(50_000), "d").error).toEqual({ code: "c", message: `${"m".repeat(3_999)}…` });
});
