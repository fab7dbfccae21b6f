import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createGuard } from "./guard.ts";
import type { KeyOf, ReplicaSet } from "./maps.ts";
import type { Found } from "./replica.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A set of a given age, and a store whose answers the test controls. */
function world({ maxStaleMs }: { maxStaleMs?: number } = {}) {
  const state = {
    ageMs: 0,
    memory: new Set<string>(),
    stored: new Set<string>(),
    answersIn: 5 as number | null,
  };
  const asked: KeyOf[][] = [];
  const revoked = {
    name: "revoked",
    has: (key: string) => state.memory.has(key),
    ageMs: () => state.ageMs,
  } as ReplicaSet;
  const find = async (keys: readonly KeyOf[]): Promise<Found[]> => {
    asked.push([...keys]);
    if (state.answersIn === null) return new Promise(() => {});
    await new Promise((resolve) => setTimeout(resolve, state.answersIn!));
    return keys.filter(({ key }) => state.stored.has(key)).map((key) => ({ ...key, value: "1" }));
  };
  const guard = createGuard({ find }, [revoked], maxStaleMs);
  const ask = (...keys: string[]) => guard.ask(keys.map((key) => ({ map: "revoked", key })));
  return { state, asked, revoked, guard, ask };
}

test("memory answers as long as it is proven to be at most a second old", () => {
  const { state, guard, revoked } = world();
  state.memory.add("a");
  state.ageMs = 1_000;
  expect(guard.fresh()?.has(revoked, "a")).toBe(true);
  state.ageMs = 1_001;
  expect(guard.fresh()).toBeNull();
  state.ageMs = Number.POSITIVE_INFINITY;
  expect(guard.fresh()).toBeNull();
});

test("the store answers in its place; what memory has seen revoked stays revoked", async () => {
  const { state, revoked, ask } = world();
  state.ageMs = 5_000;
  state.stored.add("stored");
  state.memory.add("lost");
  const asking = ask("stored", "lost", "none");
  await vi.advanceTimersByTimeAsync(5);
  const reading = await asking;
  expect(["stored", "lost", "none"].map((key) => reading.has(revoked, key))).toEqual([true, true, false]);
  expect(reading.isStale).toBe(false);
});

test("those who ask at once share a question, and those who come meanwhile the next", async () => {
  const { asked, ask } = world();
  const first = [ask("a"), ask("b")];
  await vi.advanceTimersByTimeAsync(1);
  const second = [ask("c"), ask("d")];
  await vi.advanceTimersByTimeAsync(20);
  await Promise.all([...first, ...second]);
  expect(asked.map((keys) => keys.map(({ key }) => key))).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("a store that does not answer within 500 ms is a 503, at once for those who come next", async () => {
  const { state, asked, ask } = world();
  state.ageMs = 5_000;
  state.answersIn = null;
  const refused = expect(ask("a")).rejects.toMatchObject({ code: "unavailable", status: 503, retryAfter: 1 });
  await vi.advanceTimersByTimeAsync(500);
  await refused;
  await expect(ask("b")).rejects.toMatchObject({ code: "unavailable" });
  expect(asked).toHaveLength(1);
  state.answersIn = 5;
  await vi.advanceTimersByTimeAsync(501);
  const asking = ask("c");
  await vi.advanceTimersByTimeAsync(5);
  expect((await asking).isStale).toBe(false);
});

test("where the operator allows it, the last known state answers, and says so", async () => {
  const { state, revoked, ask, guard } = world({ maxStaleMs: 60_000 });
  state.answersIn = null;
  state.memory.add("a");
  state.ageMs = 59_000;
  const asking = ask("a");
  await vi.advanceTimersByTimeAsync(500);
  const reading = await asking;
  expect([reading.isStale, reading.has(revoked, "a"), reading.has(revoked, "b")]).toEqual([
    true,
    true,
    false,
  ]);
  expect(guard.isStale()).toBe(true);
  state.ageMs = 60_001;
  await expect(ask("a")).rejects.toMatchObject({ code: "unavailable" });
});
