import { existsSync, readFileSync } from "node:fs";

/** What the steps recorded for each attempt, outside the store so that it can be compared with it. */
export interface Journal {
  /** By `job index`, in order of start. */
  runs: ReadonlyMap<string, readonly Run[]>;
  /** Start times in ascending order. */
  starts: readonly number[];
}

export interface Run {
  attempt: number;
  pid: number;
  startedAt: number;
  /** When the step reported its end, successful or not; `null` if it never did. */
  endedAt: number | null;
  failed: boolean;
  /** Token of the result if it succeeded. */
  token: string | null;
}

export function readJournal(path: string): Journal {
  const runs = new Map<string, Run[]>();
  const starts: number[] = [];
  const lines = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  for (const line of lines) {
    const words = line.split(" ");
    const [what, job, index, attempt] = words as [string, string, string, string];
    const [pid, at] = words.slice(-2).map(Number) as [number, number];
    const key = `${job} ${index}`;
    if (what === "start") {
      starts.push(at);
      const run = {
        attempt: Number(attempt),
        pid,
        startedAt: at,
        endedAt: null,
        failed: false,
        token: null,
      };
      const known = runs.get(key);
      if (known) known.push(run);
      else runs.set(key, [run]);
      continue;
    }
    const run = runs.get(key)?.findLast((one) => one.pid === pid && one.endedAt === null);
    if (!run) continue;
    run.endedAt = at;
    run.failed = what === "fail";
    if (what === "end") run.token = words[4]!;
  }
  return { runs, starts: starts.sort((a, b) => a - b) };
}

/** Processes that were killed together. */
export interface Kill {
  pids: readonly number[];
  at: number;
}

/** Time from each kill to the next attempt of every task that its processes held, in ms. */
export function reruns(journal: Journal, kills: readonly Kill[]): number[] {
  const killedAt = new Map<number, number>();
  for (const { pids, at } of kills) for (const pid of pids) killedAt.set(pid, at);
  const waits: number[] = [];
  for (const runs of journal.runs.values()) {
    for (const [n, run] of runs.entries()) {
      const at = killedAt.get(run.pid);
      if (at === undefined || run.endedAt !== null || run.startedAt > at) continue;
      const next = runs.slice(n + 1).find((other) => other.startedAt >= at);
      if (next) waits.push(next.startedAt - at);
    }
  }
  return waits.sort((a, b) => a - b);
}

/** Number of items charged with more attempts than failed by themselves. */
export function overcharged(journal: Journal): number {
  let items = 0;
  for (const runs of journal.runs.values()) {
    const charged = Math.max(...runs.map((run) => run.attempt)) - 1;
    if (charged > runs.filter((run) => run.failed).length) items++;
  }
  return items;
}

/** The longest time from one of these moments to the start of the next attempt, in ms. */
export function longestWait(journal: Journal, moments: readonly number[]): number {
  const waits = moments.map((moment) => {
    const next = journal.starts.find((at) => at > moment);
    return next === undefined ? 0 : next - moment;
  });
  return Math.max(0, ...waits);
}

/** The longest time between the starts of two attempts, in ms. */
export function longestPause({ starts }: Journal): number {
  return starts.reduce((longest, at, n) => Math.max(longest, at - (starts[n - 1] ?? at)), 0);
}
