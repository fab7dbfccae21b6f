import fc from "fast-check";
import { expect, test } from "vitest";
import type { Mark } from "./offsets.ts";
import { type Entry, Window } from "./window.ts";

function entryOf(window: Window, offset: number): Entry {
  return { window, offset, id: `m-${offset}`, payload: "", count: 0, state: "waiting" };
}

/** A window whose messages are all held. */
function windowWith(...offsets: number[]): { window: Window; entries: Entry[] } {
  const window = new Window(0);
  const entries = offsets.map((offset) => entryOf(window, offset));
  for (const entry of entries) {
    window.add(entry);
    window.hold(entry);
  }
  return { window, entries };
}

test("the mark moves when everything before it has finished, and names what has finished beyond", () => {
  const { window, entries } = windowWith(5, 6, 7);
  expect(window.takeMark()).toBeNull();
  window.finish(entries[2]!);
  expect(window.takeMark()).toEqual({ partition: 0, offset: 5, beyond: "1.2.1" });
  window.finish(entries[0]!);
  const mark = window.takeMark()!;
  expect(mark).toEqual({ partition: 0, offset: 6, beyond: "1.1.1" });
  window.kept(mark);
  window.finish(entries[1]!);
  expect(window.takeMark()).toEqual({ partition: 0, offset: 8, beyond: "" });
  expect(window.takeMark()).toBeNull();
});

test("a mark that was refused is made again", () => {
  const { window, entries } = windowWith(5);
  window.finish(entries[0]!);
  const mark = window.takeMark();
  window.refused();
  expect(window.takeMark()).toEqual(mark);
});

test("a message that is taken back is in the way again", () => {
  const { window, entries } = windowWith(5, 6, 7, 8);
  for (const entry of entries) window.finish(entry);
  window.reopen(entries[1]!);
  expect(window.takeMark()).toEqual({ partition: 0, offset: 6, beyond: "1.1.2" });
  window.reopen(entries[3]!);
  expect(window.takeMark()).toEqual({ partition: 0, offset: 6, beyond: "1.1.1" });
  expect(window.waiting).toBe(2);
});

test("the next member delivers what no member has finished, however they finished it", () => {
  const orders = fc.uniqueArray(fc.nat(40), { minLength: 1 }).chain((offsets) => {
    const sorted = offsets.toSorted((a, b) => a - b);
    return fc.tuple(
      fc.constant(sorted),
      fc.shuffledSubarray(sorted),
      fc.shuffledSubarray(sorted),
      fc.nat(40),
    );
  });
  fc.assert(
    fc.property(orders, ([offsets, first, second, fetched]) => {
      const finished = new Set<number>();
      let mark: Mark = { partition: 0, offset: 0, beyond: "" };
      for (const finishing of [first, second]) {
        const window = new Window(0);
        window.begin(mark);
        // The second member may have fetched only some of them when it commits its mark.
        const seen = offsets.filter((offset) => offset >= mark.offset).slice(0, fetched + 1);
        const entries = seen.map((offset) => entryOf(window, offset));
        const delivered = entries.filter((entry) => window.add(entry));
        expect(delivered.map(({ offset }) => offset)).toEqual(seen.filter((offset) => !finished.has(offset)));
        for (const entry of delivered) window.hold(entry);
        for (const offset of finishing) {
          const entry = delivered.find((one) => one.offset === offset);
          if (!entry) continue;
          window.finish(entry);
          finished.add(offset);
          if (offset % 3 === 0) {
            mark = window.takeMark()!;
            window.kept(mark);
          }
        }
        mark = window.takeMark() ?? mark;
      }
    }),
  );
});
