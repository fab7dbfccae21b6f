import { expect, test } from "vitest";
import { decode, encode } from "./messages.ts";

const change = (key: string, value: string | null = "1") => ({ key, value, expiresAt: null });

test("changes become messages that a bus takes, and come back with their versions", () => {
  const changes = Array.from({ length: 500 }, (_, n) => change(`키 ${n}`, JSON.stringify("값".repeat(n))));
  const messages = encode({ map: "users", epoch: "e", first: 11, changes });
  const read = messages.map((message) => decode(message)!);
  expect(messages.every((message) => Buffer.byteLength(message) <= 6_900)).toBe(true);
  expect(read.flatMap((message) => message.changes)).toEqual(changes);
  let next = 11;
  for (const { first, changes } of read) {
    expect(first).toBe(next);
    next += changes!.length;
  }
  expect(next).toBe(511);
});

test("of a change that is too large for the bus, its version is told", () => {
  const changes = [change("a"), change("b", JSON.stringify("x".repeat(7_000))), change("c")];
  const read = encode({ map: "users", epoch: "e", first: 1, changes }).map((message) => decode(message)!);
  expect(read.map(({ first, changes }) => [first, changes?.[0]?.key ?? null])).toEqual([
    [1, "a"],
    [2, null],
    [3, "c"],
  ]);
});

test("what says nothing of the kind is not read", () => {
  for (const text of [
    "",
    "null",
    "{}",
    '{"m":"a","e":"b","v":0,"c":null}',
    '{"m":"a","e":"b","v":1,"c":[]}',
    '{"m":"a","e":"b","v":1,"c":[["k"]]}',
    '{"m":"a","e":"b","v":1,"c":null,"x":1}',
  ])
    expect(decode(text)).toBeNull();
});
