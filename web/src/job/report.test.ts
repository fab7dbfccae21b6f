import { expect, test } from "vitest";
import type { Json } from "../api/contract.ts";
import { readReport } from "./report.ts";

const file = {
  ...{ index: 0, name: "exam.pdf", pages: 2, questions: 20, answered: 0 },
  ...{ missing: [3], doubtful: [], unread: [], error: null },
};

test("a report is told from other results", () => {
  const report: Json = { files: [file], total: { files: 1 }, summary: "20 questions." };
  expect(readReport(report)).toBe(report);
  const others: Json[] = [null, "text", [], { files: [file] }, { ...report, files: [{ name: "exam.pdf" }] }];
  for (const other of others) expect(readReport(other)).toBeNull();
});
