import { expect, test } from "vitest";
import { itemView, jobView } from "./job-views.ts";
import type { JobRecord, TaskRecord } from "./records.ts";
import { jobProgress, jobSpec, taskBody, toJob, toTask } from "./stored.ts";

const job = toJob({
  id: "a",
  owner: "o",
  pipeline: "p",
  state: "succeeded",
  finished_at: 2,
  expires_at: 3,
  spec: '{"version":1,"options":{},"plan":[],"attachments":[],"metadata":{},"priority":4,"total":1,"createdAt":1,"startAt":null,"retentionMs":1}',
  progress:
    '{"run":1,"remaining":0,"done":1,"failed":0,"cancelled":0,"cached":0,"stepsDone":1,"result":null,"error":null,"startedAt":1}',
});
const taskRow = {
  job_id: "a",
  item: 0,
  owner: "o",
  queue: "p/work",
  priority: 4,
  state: "succeeded",
  wake_at: null,
  worker: null,
  split: null,
  part: null,
  body: '{"step":0,"run":1,"generation":1,"attempt":1,"name":"x","input":null,"trail":[{"step":"work","attempt":1,"cached":false,"ms":5}]}',
};

test("records from before there were warnings have none", () => {
  expect(job.warnings).toEqual([]);
  expect(jobView(job, []).warnings).toEqual([]);
  expect(itemView(job, toTask(taskRow)).warnings).toEqual([]);
});

test("records from before dead letters had a retention of their own keep the job's", () => {
  expect(job.deadLetterRetentionMs).toBe(1);
});

test("every field of a job comes back, and younger ones than its row have their usual values", () => {
  const file = { artifactId: "f", name: "a", mediaType: "text/plain", bytes: 1, sha256: "s", blob: "b" };
  const full: Required<JobRecord> = {
    ...{ id: "a", owner: "o", pipeline: "p", state: "partial", version: 2, run: 3, total: 9, remaining: 1 },
    ...{
      done: 4,
      failed: 2,
      cancelled: 1,
      cached: 1,
      failedParts: 2,
      stepsDone: 7,
      priority: 8,
      notify: [{ url: "https://example.com/ended" }, { email: "ada@example.com" }],
      retentionMs: 1_000,
    },
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    deadLetterRetentionMs: 2_000,
    ...{ createdAt: 10, startAt: 11, startedAt: 12, finishedAt: 13, expiresAt: 14 },
    options: { width: 1 },
    plan: [],
    attachments: [file],
    metadata: { for: "a test" },
    result: [1],
    resultFile: { ...file, artifactId: "r" },
    error: { code: "step_failed", message: "It failed." },
    warnings: [{ code: "few_items", message: "Only one." }],
    parent: { jobId: "b", item: 2, step: "split", depth: 1 },
    children: [{ key: "k", jobId: "c", pipeline: "p" }],
    deleteInputs: true,
  };
  const columns = { id: "a", owner: "o", pipeline: "p", state: "partial", finished_at: 13, expires_at: 14 };
  expect(toJob({ ...columns, spec: jobSpec(full), progress: jobProgress(full) })).toEqual(full);
  const bare = toJob({ ...columns, spec: "{}", progress: "{}" });
  expect(bare).toMatchObject({
    priority: 4,
    metadata: {},
    resultFile: null,
    warnings: [],
    parent: null,
    children: [],
  });
});

test("warnings are kept, and take no room where there are none", () => {
  expect(jobProgress(job)).not.toContain("warnings");
  const warnings = [{ code: "few_items", message: "Only one." }];
  const warned: JobRecord = { ...job, warnings };
  const again = toJob({
    ...{ id: "a", owner: "o", pipeline: "p", state: "succeeded", finished_at: 2, expires_at: 3 },
    ...{ spec: jobSpec(warned), progress: jobProgress(warned) },
  });
  expect(again).toEqual(warned);
  const task: TaskRecord = { ...toTask(taskRow), trail: [{ ...toTask(taskRow).trail[0]!, warnings }] };
  expect(toTask({ ...taskRow, body: taskBody(task) })).toEqual(task);
});
