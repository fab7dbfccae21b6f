import { expect, test } from "vitest";
import { newId, taskId } from "../../domain/ids.ts";
import { signer } from "../../domain/keys.ts";
import { hints } from "./hints.ts";

const task = { taskId: taskId(newId(), 7), queue: "a/b", generation: 3, priority: 4 };
const hint = { taskId: task.taskId, generation: 3 };
const signed = hints(signer(["a".repeat(32)], "hint"));
const { payload } = signed.message(task);
const change = (with_: object) => JSON.stringify({ ...JSON.parse(payload), ...with_ });

test("a signed hint is read back, in its queue alone", () => {
  expect(signed.read({ payload, queue: "a/b" })).toEqual(hint);
  expect(signed.read({ payload, queue: "a/c" })).toBe("forged");
});

test("a hint that was changed, or signed by nobody or another, is not read", () => {
  const another = hints(signer(["b".repeat(32)], "hint"));
  expect(signed.read({ payload: change({ generation: 4 }), queue: "a/b" })).toBe("forged");
  expect(signed.read({ payload: another.message(task).payload, queue: "a/b" })).toBe("forged");
  expect(signed.read({ payload: hints(null).message(task).payload, queue: "a/b" })).toBe("unsigned");
});

test.each([
  "",
  "not JSON",
  "null",
  "[]",
  '"text"',
  change({ taskId: "nonsense" }),
  change({ taskId: 5 }),
  change({ generation: -1 }),
  change({ generation: 1.5 }),
  change({ generation: "3" }),
  change({ tag: 5 }),
  change({ more: "x".repeat(2_000) }),
  "[".repeat(100_000),
])("what is no hint is malformed: %.60s", (text) => {
  expect(signed.read({ payload: text, queue: "a/b" })).toBe("malformed");
  expect(hints(null).read({ payload: text, queue: "a/b" })).toBe("malformed");
});

test("a process that signs nothing reads what is signed: both may run side by side", () => {
  expect(hints(null).read({ payload, queue: "a/b" })).toEqual(hint);
});
