import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { faultsOf } from "./check.ts";
import type { Account, Heard, JobAnswer } from "./client.ts";
import { overcharged, readJournal, reruns } from "./journal.ts";
import { splitFaults } from "./split.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function journalOf(...lines: string[]) {
  const path = join(folder, "steps.log");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return readJournal(path);
}

/** A job of two items, the second of which failed: correct, except for changes that a test makes. */
function fixture() {
  const account: Account = { accepted: new Map([["j", 2]]), split: new Map(), refused: 0 };
  const job: JobAnswer = {
    state: "partial",
    progress: { total: 2, done: 1, failed: 1 },
    result: { tokens: [[0, "t"]], failures: [1] },
    children: [{ jobId: "c" }],
    items: [
      {
        index: 0,
        state: "succeeded",
        result: "t",
        error: null,
        outputs: [{ artifactId: "a", name: "t.txt", sha256: sha256("t") }],
      },
      { index: 1, state: "failed", result: null, error: { message: "by chance" }, outputs: [] },
    ],
  };
  const heard: Heard = {
    ids: [1, 2, 3],
    endings: new Map([
      ["j 0", 1],
      ["j 1", 1],
      ["j job", 1],
    ]),
    jobs: 1,
    reconnects: 0,
    children: new Map([["c", { created: 1, ended: 1 }]]),
  };
  const journal = journalOf(
    "start j 0 1 7 100",
    "end j 0 1 t 7 150",
    "start j 1 1 7 100",
    "fail j 1 1 7 140",
  );
  return { account, job, heard, journal };
}

function faults({ account, job, heard, journal }: ReturnType<typeof fixture>, there = true) {
  return faultsOf(account, new Map([["j", there ? job : null]]), heard, journal);
}

const none = {
  lost: 0,
  committedTwice: 0,
  fanInStuck: 0,
  unaccounted: 0,
  eventsMissed: 0,
  eventsRepeated: 0,
  childrenLost: 0,
  childrenDuplicated: 0,
};

test("nothing is said against what is as it should be", () => {
  expect(faults(fixture())).toEqual(none);
});

test("a job that a fan-in started is missed, and seen where there is one too many", () => {
  const lost = fixture();
  lost.job.children = [];
  expect(faults(lost)).toMatchObject({ childrenLost: 1, childrenDuplicated: 1 });
  const open = fixture();
  open.heard.children.get("c")!.ended = 0;
  expect(faults(open)).toMatchObject({ childrenLost: 1, childrenDuplicated: 0 });
  const twice = fixture();
  twice.heard.children.set("d", { created: 1, ended: 1 });
  expect(faults(twice)).toMatchObject({ childrenLost: 0, childrenDuplicated: 1 });
});

test("a job that is gone, or has not ended, is lost", () => {
  expect(faults(fixture(), false)).toMatchObject({ lost: 1 });
  const open = fixture();
  open.job.state = "running";
  expect(faults(open)).toMatchObject({ lost: 1 });
});

test("two results of one item are seen wherever they differ", () => {
  const told = fixture();
  told.heard.endings.set("j 0", 2);
  const gathered = fixture();
  gathered.job.result!.tokens = [[0, "other"]];
  const written = fixture();
  written.job.items[0]!.outputs.push({ artifactId: "b", name: "t.txt", sha256: sha256("t") });
  for (const changed of [told, gathered, written])
    expect(faults(changed)).toEqual({ ...none, committedTwice: 1 });
});

test("a fan-in that did not see every item, and a result that nobody wrote", () => {
  const stuck = fixture();
  stuck.job.result = { tokens: [[0, "t"]], failures: [] };
  expect(faults(stuck)).toEqual({ ...none, fanInStuck: 1 });
  const unknown = fixture();
  unknown.journal = journalOf("start j 0 1 7 100");
  expect(faults(unknown)).toEqual({ ...none, unaccounted: 1 });
});

test("events missed and repeated", () => {
  const changed = fixture();
  changed.heard.ids = [1, 3, 3, 5];
  expect(faults(changed)).toEqual({ ...none, eventsMissed: 2, eventsRepeated: 1 });
});

test("how long what a kill interrupted waited, and whom it was charged to", () => {
  const journal = journalOf(
    "start j 0 1 7 100",
    "start j 1 1 7 100",
    "end j 1 1 t 7 150",
    "start j 0 1 8 1200",
    "end j 0 1 u 8 1300",
  );
  expect(reruns(journal, [{ pids: [7], at: 200 }])).toEqual([1000]);
  expect(overcharged(journal)).toBe(0);
  expect(overcharged(journalOf("start j 0 1 7 100", "start j 0 2 8 1200"))).toBe(1);
  expect(overcharged(journalOf("start j 0 1 7 100", "fail j 0 1 7 120", "start j 0 2 8 200"))).toBe(0);
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

test("parts are counted from the log of their steps: each once, and the join after them", () => {
  const jobs = new Map([["j", 2]]);
  const answer = (tokens: [number, string][], failures: number[] = []) =>
    new Map([["j", { items: [{ result: { tokens, failures } }] } as unknown as JobAnswer]]);
  const lines = ["start j 0/0 1 7 100", "end j 0/0 1 a 7 150", "start j 0/1 1 7 100", "end j 0/1 1 b 7 160"];
  const journal = journalOf(...lines, "start j 0/join 1 7 170", "end j 0/join 1 c 7 180");
  const none = { lost: 0, fanInStuck: 0, unaccounted: 0 };
  const good: [number, string][] = [
    [0, "a"],
    [1, "b"],
  ];
  expect(splitFaults(jobs, answer(good), journal)).toEqual(none);
  expect(splitFaults(jobs, new Map(), journal)).toEqual({ ...none, lost: 1 });
  expect(splitFaults(jobs, answer([[0, "a"]], [1]), journal)).toMatchObject({ fanInStuck: 1 });
  expect(splitFaults(jobs, answer([...good, [1, "b"]]), journal)).toMatchObject({ fanInStuck: 1 });
  expect(
    splitFaults(
      jobs,
      answer([
        [0, "a"],
        [1, "x"],
      ]),
      journal,
    ),
  ).toMatchObject({ unaccounted: 1 });
  const early = journalOf(...lines, "start j 0/join 1 7 155");
  expect(splitFaults(jobs, answer(good), early)).toMatchObject({ fanInStuck: 1 });
});
