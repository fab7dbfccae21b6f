import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LoggedEntry, LogPage } from "../database/replica.ts";
import { type Entries, keyEntries, valueEntries } from "./entries.ts";
import { type Follower, follow } from "./follower.ts";
import type { ChangeMessage } from "./messages.ts";

const PAGE = 3;
const KEYS = ["a", "b", "c", "d", "e", "f"];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An in-memory model of a store's log; the suite of the records proves that the stores behave like it. */
function modelLog() {
  let epoch = "epoch 0";
  let epochs = 0;
  let version = 0;
  let floor = 0;
  let rows = new Map<string, LoggedEntry>();
  let kept = { version, floor, rows: new Map(rows) };
  return {
    head: () => (version === 0 ? null : { epoch, version, floor }),
    version: () => version,
    values: () =>
      new Map([...rows].filter(([, row]) => row.value !== null).map(([key, row]) => [key, row.value])),
    write(key: string, value: string | null): ChangeMessage {
      version++;
      rows.set(key, { key, version, value, expiresAt: null });
      return { map: "map", epoch, first: version, changes: [{ key, value, expiresAt: null }] };
    },
    async page(above: number, delayMs: number): Promise<LogPage> {
      const head = this.head();
      const entries = [...rows.values()]
        .filter((row) => row.version > above)
        .sort((a, b) => a.version - b.version)
        .slice(0, PAGE);
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      return { head: head && { ...head, floor }, entries, isLast: entries.length < PAGE };
    },
    compact() {
      for (const row of rows.values()) {
        if (row.value !== null) continue;
        floor = Math.max(floor, row.version);
        rows.delete(row.key);
      }
    },
    keep() {
      kept = { version, floor, rows: new Map(rows) };
    },
    /** Loses everything that was written after the copy. */
    restore(isNewEpoch: boolean) {
      if (isNewEpoch) epoch = `epoch ${++epochs}`;
      version = kept.version;
      floor = kept.floor;
      rows = new Map(kept.rows);
    },
  };
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      key: fc.constantFrom(...KEYS),
      value: fc.option(fc.nat(9)),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("deliver" as const), which: fc.nat(20), again: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("drop" as const), which: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("poll" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("compact" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("keep" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restore" as const), isNewEpoch: fc.boolean() }) },
);

/** The log is restored after a page of it was read and before that page arrives. */
const RESTORED_WHILE_READ = [
  { do: "write" as const, key: "a", value: null },
  { do: "deliver" as const, which: 0, again: false },
  { do: "pass" as const, ms: 20 },
  { do: "restore" as const, isNewEpoch: false },
  { do: "write" as const, key: "a", value: 0 },
];

test("whatever becomes of messages and logs, a follower ends equal to its log", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
      async (steps, delays) => {
        const log = modelLog();
        let reads = 0;
        const page = (above: number) => log.page(above, delays[reads++ % delays.length]!);
        const begin = () => {
          const begun = followed(
            page,
            valueEntries(
              (value) => String(value),
              () => {},
            ),
          );
          begun.read().catch(() => {});
          return begun;
        };
        let follower = begin();
        let messages: ChangeMessage[] = [];
        const poll = () =>
          follower.sawHead(log.head(), { at: performance.now(), version: follower.version() });
        for (const one of steps) {
          if (one.do === "write")
            messages.push(log.write(one.key, one.value === null ? null : String(one.value)));
          else if (one.do === "pass") await vi.advanceTimersByTimeAsync(one.ms);
          else if (one.do === "poll") poll();
          else if (one.do === "compact") log.compact();
          else if (one.do === "keep") log.keep();
          else if (one.do === "restart") {
            follower.close();
            follower = begin();
          } else if (one.do === "restore") {
            log.restore(one.isNewEpoch);
            messages = [];
            // A log that continues in the same epoch is only noticed by a poll before it has caught up.
            poll();
            await vi.advanceTimersByTimeAsync(400);
          } else if (messages.length > 0) {
            const [message] = messages.splice(one.which % messages.length, 1);
            if (one.do === "deliver") follower.hear(message!);
            if (one.do === "deliver" && one.again) messages.push(message!);
          }
        }
        for (let n = 0; n < 3; n++) {
          await vi.advanceTimersByTimeAsync(500);
          poll();
        }
        await vi.advanceTimersByTimeAsync(500);
        expect(new Map(follower.entries().all(0))).toEqual(log.values());
        expect(follower.version()).toBe(log.version());
        expect(follower.provenAt()).toBeGreaterThan(performance.now() - 600);
        follower.close();
      },
    ),
    { numRuns: 400, examples: [[RESTORED_WHILE_READ, [0, 0, 1]]] },
  );
});

test("a change that follows is taken over at once, and nothing is read for it", async () => {
  const log = modelLog();
  log.write("a", "1");
  const follower = await loaded(log);
  const reads = follower.reads();
  follower.hear(log.write("b", "2"));
  expect([follower.version(), follower.reads()]).toEqual([2, reads]);
  follower.close();
});

test("changes that come in the wrong order wait for each other, and nothing is read for them", async () => {
  const log = modelLog();
  const follower = await loaded(log);
  log.write("a", "0");
  await follower.read();
  const reads = follower.reads();
  const [first, second] = [log.write("a", "1"), log.write("a", "2")];
  follower.hear(second);
  await vi.advanceTimersByTimeAsync(19);
  expect(follower.version()).toBe(1);
  follower.hear(first);
  await vi.advanceTimersByTimeAsync(100);
  expect([follower.version(), follower.entries().get("a", 0), follower.reads()]).toEqual([3, "2", reads]);
  follower.close();
});

test("a gap is read once after 20 ms, however many wait", async () => {
  const log = modelLog();
  log.write("a", "0");
  const follower = await loaded(log);
  const reads = follower.reads();
  log.write("a", "1");
  for (const value of ["2", "3", "4"]) follower.hear(log.write("b", value));
  const waiting = [2, 3, 5].map((version) => follower.waitFor(version, 1_000));
  await vi.advanceTimersByTimeAsync(19);
  expect(follower.version()).toBe(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(await Promise.all(waiting)).toEqual([true, true, true]);
  expect(follower.version()).toBe(5);
  await vi.advanceTimersByTimeAsync(100);
  expect(follower.reads() - reads).toBeLessThanOrEqual(2);
  follower.close();
});

test("a message that no commit made is forgotten after a look at the log", async () => {
  const log = modelLog();
  log.write("a", "0");
  const follower = await loaded(log);
  const reads = follower.reads();
  follower.hear({
    map: "map",
    epoch: "epoch 0",
    first: 900,
    changes: [{ key: "a", value: "9", expiresAt: null }],
  });
  follower.hear({
    map: "map",
    epoch: "another",
    first: 2,
    changes: [{ key: "a", value: "9", expiresAt: null }],
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(follower.reads() - reads).toBe(1);
  expect([...follower.entries().all(0)]).toEqual([["a", "0"]]);
  follower.close();
});

test("what was revoked stays revoked when the log goes backward, until it expires", async () => {
  const log = modelLog();
  log.write("old", "1");
  log.keep();
  log.write("new", "1");
  const follower = followed((above) => log.page(above, 0), keyEntries());
  await follower.read();
  for (const isNewEpoch of [false, true]) {
    log.restore(isNewEpoch);
    await follower.read();
    expect(follower.version()).toBe(1);
    expect(["old", "new", "other"].map((key) => follower.entries().has(key, 0))).toEqual([true, true, false]);
  }
  follower.close();
});

test("a version of a log that was lost is not waited for twice", async () => {
  const log = modelLog();
  log.write("a", "0");
  const follower = await loaded(log);
  const waiting = follower.waitFor(900, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toBe(true);
  follower.close();
});

test("a version that the log may have is not there as long as the log cannot be read", async () => {
  const log = modelLog();
  log.write("a", "0");
  let isAway = false;
  const page = (above: number) => (isAway ? Promise.reject(new Error("away")) : log.page(above, 0));
  const follower = followed(
    page,
    valueEntries(String, () => {}),
  );
  await follower.read();
  isAway = true;
  const waiting = follower.waitFor(2, 1_000);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await waiting).toBe(false);
  follower.close();
});

test("freshness counts from the start of what was read", async () => {
  const log = modelLog();
  log.write("a", "0");
  const follower = followed(
    (above) => log.page(above, 300),
    valueEntries(String, () => {}),
  );
  const begun = performance.now();
  const reading = follower.read();
  await vi.advanceTimersByTimeAsync(400);
  await reading;
  expect(follower.provenAt()).toBe(begun);
  follower.sawHead(log.head(), { at: begun + 350, version: 1 });
  expect(follower.provenAt()).toBe(begun + 350);
  follower.close();
});

async function loaded(log: ReturnType<typeof modelLog>) {
  const follower = followed(
    (above) => log.page(above, 0),
    valueEntries(String, () => {}),
  );
  await follower.read();
  return follower;
}

function followed<Kept extends Entries>(
  page: (above: number) => Promise<LogPage>,
  entries: Kept,
): Follower<Kept> {
  return follow({ page, entries, now: () => 0, onChange: () => {}, onFailure: () => {} });
}
