import { expect, test } from "vitest";
import { jobCommand } from "../testing/store/fixture.ts";
import { newTask } from "./ledger/hand-out.ts";
import type { FileRef, JobRecord, TaskRecord } from "./records.ts";
import { packTask, unpackTask } from "./stored.ts";
import { packTrail } from "./stored-trail.ts";

const job = { ...jobCommand(), run: 1, total: 1 } as unknown as JobRecord;
const file = (name: string): FileRef => ({
  ...{ artifactId: name, name, mediaType: "text/plain", bytes: 1, sha256: "s", blob: name },
});
const ended = (step: string) => ({ step, attempt: 1, cached: false, ms: 1 });

function movedOn(): TaskRecord {
  const [outputs, previous] = [[file("b")], { pages: 2 }];
  return {
    ...newTask(job, 0, 0),
    inputs: outputs,
    previous,
    trail: [
      { ...ended("first"), startedAt: 1, outputs: [file("a")], result: 1 },
      { ...ended("second"), startedAt: 2, outputs, result: previous },
    ],
  };
}

test("what the next step reads is written once, and read back as what the step made", () => {
  const task = movedOn();
  const text = JSON.stringify(packTask(task));
  expect(text.split('"artifactId":"b"')).toHaveLength(2);
  expect(text.split('"pages"')).toHaveLength(2);
  const again = unpackTask(JSON.parse(text));
  expect(again).toEqual(task);
  // It stays so, however often it is written.
  expect(JSON.stringify(packTask(again))).toBe(text);
});

test("what the next step does not read is written as it is", () => {
  const task = movedOn();
  task.inputs = [file("c")];
  task.previous = null;
  expect(packTrail(task)).toBe(task.trail);
  expect(unpackTask(JSON.parse(JSON.stringify(packTask(task))))).toEqual(task);
});

test("a process that does not know what was read may move the task on", () => {
  const written = JSON.parse(JSON.stringify(packTask(movedOn())));
  // As an older version leaves it: another entry, and other things to read.
  written.trail.push(ended("third"));
  written.inputs = [file("d")];
  const { trail } = unpackTask(written);
  expect(trail[0]!.outputs).toEqual([file("a")]);
  expect(trail[1]!.outputs).toBeUndefined();
});
