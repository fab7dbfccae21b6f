import type { TaskRecord, TrailEntry } from "./records.ts";

/**
 * The current step usually reads what the last step in the trail made, so it is stored once, under the name by which it
 * is read.
 */
const readAs = { outputs: "inputs", result: "previous", resultFile: "previousFile" } as const;

type Made = keyof typeof readAs;
const madeNames = Object.keys(readAs) as Made[];

type StoredEntry = TrailEntry & { read?: Made[] };

export function packTrail(task: TaskRecord): StoredEntry[] {
  const last = task.trail.at(-1);
  const read = last
    ? madeNames.filter((name) => last[name] != null && last[name] === task[readAs[name]])
    : [];
  if (read.length === 0) return task.trail;
  const entry: StoredEntry = { ...last!, read };
  for (const name of read) delete entry[name];
  return [...task.trail.slice(0, -1), entry];
}

/** The inverse. If a process of an older version moved the task on, what was read is lost. */
export function unpackTrail(task: TaskRecord): void {
  const last = task.trail.at(-1) as StoredEntry | undefined;
  if (!last?.read) return;
  const { read, ...entry } = last;
  const made = Object.fromEntries(read.map((name) => [name, task[readAs[name]]]));
  task.trail = [...task.trail.slice(0, -1), { ...entry, ...made }];
}
