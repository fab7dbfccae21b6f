import { expect, test } from "vitest";
import { estimate, fullStudy, type PlannedCell, planStudy, quickStudy } from "./plan.ts";
import { progressOf } from "./progress.ts";

const calibration = (serviceMs: number) => ({ serviceMs, result: "" });

function seconds(
  cells: readonly PlannedCell[],
  { seconds: each }: { seconds: number },
  ocrMs: number,
): number {
  return cells.reduce(
    (sum, cell) => sum + estimate(cell, calibration(cell.workload === "document.ocr" ? ocrMs : 500), each),
    0,
  );
}

test("the quick study has every architecture and ends within ten minutes", () => {
  const cells = planStudy(quickStudy);
  expect(new Set(cells.map(({ subject }) => subject.architecture)).size).toBe(7);
  expect(new Set(cells.map(({ key }) => key)).size).toBe(cells.length);
  expect(seconds(cells, quickStudy, 1_000)).toBeLessThan(600);
});

test("the full study has five rounds at 16 users and three elsewhere, in rotated order", () => {
  const cells = planStudy(fullStudy);
  const rounds = (match: Partial<PlannedCell>) =>
    Math.max(
      ...cells
        .filter((cell) =>
          Object.entries(match).every(([name, value]) => cell[name as keyof PlannedCell] === value),
        )
        .map(({ round }) => round),
    );
  expect(rounds({ workload: "document.ocr", users: 16 })).toBe(5);
  expect(rounds({ workload: "document.ocr", users: 4 })).toBe(3);
  expect(rounds({ workload: "exclusive" })).toBe(5);
  const users = new Set(cells.filter(({ workload }) => workload === "sleep").map((cell) => cell.users));
  expect([...users]).toEqual([16, 0]);
  const first = [1, 2, 3].map((round) => cells.find((cell) => cell.round === round)!.subject);
  expect(new Set(first).size).toBe(3);
});

test("the time left follows how long cells really take", () => {
  const lines: string[] = [];
  let now = 0;
  const progress = progressOf(
    [10, 10, 10],
    (line) => lines.push(line),
    () => now,
  );
  progress.begins("a");
  now += 20_000;
  progress.ended();
  progress.begins("b");
  expect(lines).toEqual([
    "3 cells to measure, about 30 s in total.",
    "1 of 3, about 30 s left: a",
    "2 of 3, about 40 s left: b",
  ]);
});
