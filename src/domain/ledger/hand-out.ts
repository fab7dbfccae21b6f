import { taskId } from "../ids.ts";
import type { JobRecord, TaskRecord } from "../records.ts";
import { type Ledger, PATIENCE_MS } from "./ledger.ts";
import { keepMade } from "./trail.ts";

/** Makes a task due: in the broker's window if there is room, otherwise in the backlog. */
export function handOut(ledger: Ledger, task: TaskRecord, now: number): void {
  // The last lease's token stays, because a settlement with it may be repeated.
  task.worker = null;
  if (ledger.takeRoom(task.queue)) {
    publish(ledger, task, now);
  } else {
    task.generation++;
    task.state = "ready";
    task.wakeAt = null;
    ledger.changedTask(task);
  }
}

/** Moves a task into the window; the caller has taken its slot there. */
export function publish(ledger: Ledger, task: TaskRecord, now: number, patienceMs = PATIENCE_MS): void {
  task.generation++;
  task.state = "published";
  task.wakeAt = now + patienceMs;
  ledger.changedTask(task);
  ledger.deliver({
    taskId: taskId(task.jobId, task.item),
    queue: task.queue,
    generation: task.generation,
  });
}

/** Delays a task until `at`. */
export function schedule(ledger: Ledger, task: TaskRecord, at: number): void {
  task.worker = null;
  task.generation++;
  task.state = "scheduled";
  task.wakeAt = at;
  ledger.changedTask(task);
}

/** A new task at the given step of its job. */
export function newTask(job: JobRecord, item: number, step: number): TaskRecord {
  return {
    jobId: job.id,
    item,
    owner: job.owner,
    priority: job.priority,
    step,
    run: job.run,
    queue: job.plan[step]!.queue,
    state: "ready",
    generation: 0,
    attempt: 0,
    deaths: 0,
    suspect: false,
    wakeAt: null,
    lease: null,
    worker: null,
    name: "",
    url: null,
    options: null,
    input: null,
    data: null,
    dataFile: null,
    inputs: [],
    previous: null,
    previousFile: null,
    outputs: [],
    result: null,
    resultFile: null,
    error: null,
    cached: false,
    trail: [],
    split: null,
    part: null,
    startedAt: null,
    finishedAt: null,
  };
}

/** Moves a task to the start of a step; the caller sets what the step reads. */
export function resetTask(job: JobRecord, task: TaskRecord, step: number): void {
  keepMade(job, task);
  task.step = step;
  task.queue = job.plan[step]!.queue;
  task.run = job.run;
  task.attempt = 0;
  task.deaths = 0;
  task.suspect = false;
  task.outputs = [];
  task.result = null;
  task.resultFile = null;
  task.error = null;
  task.startedAt = null;
  task.finishedAt = null;
}
