import { expect, test } from "vitest";
import { countDrops } from "./drops.ts";
import { messageReader } from "./read.ts";
import { MAX_MESSAGE_BYTES } from "./signed-bus.ts";
import { textMessages } from "./text-pieces.ts";

const from = { owner: "한".repeat(200), jobId: "0190a0b0-0000-7000-8000-000000000000", index: 7, attempt: 1 };

test.each([
  ["what a message takes", "a".repeat(4_000)],
  ["more than a message takes", "ab".repeat(10_000)],
  ["Korean", "가나".repeat(2_000)],
  ["what JSON escapes", '\u0001"\\\n'.repeat(2_000)],
  ["pairs", `a${"😀".repeat(5_000)}`],
  ["half a pair", "\ud83d".repeat(3_000)],
  ["nothing", ""],
])("a text arrives whole, in messages that a bus takes: %s", (_, text) => {
  const drops = countDrops();
  const messages = textMessages(from, text);
  for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  const read = messages.map((message) => messageReader(drops).live(message)!);
  expect(drops.take()).toEqual([]);
  expect(read.map((message) => message.data.text).join("")).toBe(text);
  expect(
    read.every(({ owner, type, index }) => owner === from.owner && type === "text.delta" && index === 7),
  ).toBe(true);
});

test("no piece ends within a character", () => {
  const pieces = textMessages(from, `a${"😀".repeat(5_000)}`).map((message) => JSON.parse(message).data.text);
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.every((piece: string) => piece.isWellFormed())).toBe(true);
});
