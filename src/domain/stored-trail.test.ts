import { expect, test } from "vitest";
import { creation, MemoryLedger } from "../testing/memory-ledger.ts";
import { jobCommand } from "../testing/store/fixture.ts";
import { success } from "../testing/store/manual-worker.ts";
import { claim } from "./ledger/claim.ts";
import { newTask } from "./ledger/hand-out.ts";
import { requestJob } from "./ledger/requests.ts";
import { settle } from "./ledger/settle.ts";
import type { FileRef, JobRecord, TaskDelivery, TaskRecord } from "./records.ts";
import { packTask, taskBody, unpackTask } from "./stored.ts";
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
  // Packing is stable, however often it is repeated.
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
  // What an older version may leave: another entry, and other inputs.
  written.trail.push(ended("third"));
  written.inputs = [file("d")];
  const { trail } = unpackTask(written);
  expect(trail[0]!.outputs).toEqual([file("a")]);
  expect(trail[1]!.outputs).toBeUndefined();
});

test("of a task of one step nothing is written twice", () => {
  const ledger = new MemoryLedger();
  const command = creation();
  ledger.run((records) => requestJob(records, command));
  const [{ taskId, generation }] = ledger.deliveries as [TaskDelivery];
  const now = 2_000;
  ledger.run((records) => claim(records, { taskId, generation, worker: "w", lease: "l", now, leaseMs: 1 }));
  const outputs = [ledger.upload("written")];
  const outcome = success({ outputs, result: { pages: 2 } });
  ledger.run((records) => settle(records, { taskId, lease: "l", now, outcome }));
  const task = ledger.run((records) => records.task(command.id, 0))!;
  expect(task.trail).toEqual([{ step: "work", attempt: 1, cached: false, ms: 1, worker: "w" }]);
  expect(taskBody(task).split('"written"')).toHaveLength(2);
});
