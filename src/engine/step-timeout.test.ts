import { expect, test } from "vitest";
import { outcomeOf } from "./outcome.ts";
import { causeOf, StepTimeout } from "./step-timeout.ts";

const over = AbortSignal.abort(new StepTimeout("act", 3_000));

test("a timeout is tried again, whatever the step threw when it was stopped", () => {
  expect(outcomeOf(causeOf(new Error("stopped"), over), 3_000)).toMatchObject({
    kind: "failed",
    retryable: true,
    error: { code: "step_timeout", message: "The step act took longer than 3 s." },
  });
});

test("a timeout that the step computed through is final, and says so", () => {
  expect(outcomeOf(causeOf(new StepTimeout("act", 3_000, 2_900), over), 3_000)).toMatchObject({
    kind: "failed",
    retryable: false,
    error: {
      code: "step_timeout",
      message:
        "The step act took longer than 3 s and used the processor for 3 s of it, so another attempt would take as long. Send a smaller file, or raise timeoutMs of the step.",
    },
  });
});

test("without a timeout, what the step threw counts", () => {
  const error = new Error("its own");
  expect(causeOf(error, new AbortController().signal)).toBe(error);
});
