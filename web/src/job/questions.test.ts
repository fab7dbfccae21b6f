import { expect, test } from "vitest";
import type { Json } from "../api/contract.ts";
import { isUnsure, type LabeledQuestion, readQuestions } from "./questions.ts";

const question: LabeledQuestion = {
  ...{ number: 1, type: "short_answer", body: "2 + 2?", choices: [], answer: "4", page: 1, boxes: [] },
  ...{ group: null, section: null, confidence: 0.97, labeler: "rules" },
};

test("questions are told from other results", () => {
  const result = { labeler: "rules", questions: [{ ...question }], pages: [], unread: [] };
  expect(readQuestions(result as unknown as Json)).toBe(result);
  const wrong = { ...result, questions: [{ ...question, type: "riddle" }] };
  for (const other of [null, "text", [], { questions: [] }, wrong] as Json[]) {
    expect(readQuestions(other)).toBe(null);
  }
});

test("questions below 0.7 should be looked at", () => {
  expect(isUnsure(question)).toBe(false);
  expect(isUnsure({ ...question, confidence: 0.6 })).toBe(true);
});
