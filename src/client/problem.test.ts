import { expect, test } from "vitest";
import { parseProblem, parseRetryAfter } from "./problem.ts";

test("reads a problem document", () => {
  const body = JSON.stringify({
    type: "about:blank",
    title: "The options are not valid",
    status: 422,
    detail: "quality must be at most 100",
    code: "invalid_options",
    issues: [
      { path: ["quality"], message: "Too big" },
      { path: "watermark.text", message: "Too long" },
    ],
  });
  const problem = parseProblem(422, body, null);
  expect(problem.code).toBe("invalid_options");
  expect(problem.message).toBe("quality must be at most 100");
  expect(problem.issues).toEqual([
    { path: "quality", message: "Too big" },
    { path: "watermark.text", message: "Too long" },
  ]);
});

test("keeps Retry-After of a full queue", () => {
  const problem = parseProblem(429, JSON.stringify({ code: "queue_full", title: "The queue is full" }), "12");
  expect(problem.retryAfter).toBe(12);
});

test("makes sense of answers that are no problem document", () => {
  expect(parseProblem(502, "<html>Bad gateway</html>", null).code).toBe("unavailable");
  expect(parseProblem(500, "[]", null).code).toBe("unexpected");
});

test("Retry-After may be a date", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(parseRetryAfter(new Date(now + 30_000).toUTCString(), now)).toBe(30);
  expect(parseRetryAfter(new Date(now - 30_000).toUTCString(), now)).toBe(0);
  expect(parseRetryAfter("soon", now)).toBeNull();
});
