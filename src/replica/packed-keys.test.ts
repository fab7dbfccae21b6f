import fc from "fast-check";
import { expect, test } from "vitest";
import { newId } from "../domain/ids.ts";
import { packedKeys } from "./packed-keys.ts";

test("it answers as a map of strings does", () => {
  const ids = Array.from({ length: 30 }, () => newId());
  const key = fc.oneof(
    fc.constantFrom(...ids),
    fc.constantFrom("", "a", "b", "사용자", "a".repeat(36), "x".repeat(200)),
  );
  const step = fc.record({
    key,
    expiresAt: fc.option(fc.integer({ min: 1, max: 9 })),
    removes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const keys = packedKeys();
      const model = new Map<string, number>();
      for (const { key, expiresAt, removes } of steps) {
        if (removes) keys.remove(key);
        else keys.add(key, expiresAt === null ? null : expiresAt * 10_000);
        if (removes) model.delete(key);
        else model.set(key, (expiresAt ?? Number.POSITIVE_INFINITY) * 10_000);
      }
      expect(keys.size()).toBe(model.size);
      const merged = packedKeys();
      merged.merge(keys, 40_000);
      for (const now of [0, 40_000, 50_001, 100_000]) {
        for (const { key } of steps) {
          const isThere = (model.get(key) ?? 0) > now;
          expect(keys.has(key, now)).toBe(isThere);
          if (now >= 40_000) expect(merged.has(key, now)).toBe(isThere);
        }
      }
    }),
  );
});

test("an id in another spelling is another key", () => {
  const keys = packedKeys();
  const id = newId();
  keys.add(id, null);
  expect(keys.has(id.toUpperCase(), 0)).toBe(false);
  expect(keys.has(id.replaceAll("-", "0"), 0)).toBe(false);
});

test("what has expired is forgotten bit by bit, and its memory is freed", () => {
  const keys = packedKeys();
  const stays = Array.from({ length: 1_000 }, () => newId());
  for (let n = 0; n < 100_000; n++) keys.add(newId(), 1_000);
  for (const id of stays) keys.add(id, null);
  const before = keys.bytes();
  for (let n = 0; n < 64; n++) keys.prune(2_000);
  expect(keys.size()).toBe(1_000);
  expect(keys.bytes()).toBeLessThan(before / 20);
  expect(stays.every((id) => keys.has(id, 2_000))).toBe(true);
});

test("an entry takes at most 120 bytes, of ids and of other texts", () => {
  for (const make of [newId, (n: number) => `user-${n}`]) {
    const keys = packedKeys();
    for (let n = 0; n < 100_000; n++) {
      keys.add(make(n), 1_000);
      if (n > 5_000 && n % 1_000 === 0) expect(keys.bytes() / keys.size()).toBeLessThan(120);
    }
    expect(keys.size()).toBe(100_000);
  }
});
