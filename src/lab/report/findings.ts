import { distribution, timesOf } from "../figures.ts";
import { type Outcome, outcomes } from "../records.ts";
import { median } from "../statistics.ts";
import { type Group, pooled, queued, seriesOf, spreadOf } from "./groups.ts";
import { counted, list, ms, number, range } from "./words.ts";

const MAIN_WORKLOAD = "document.ocr";
const ORIGINAL_USERS = 16;

/** Cells that repeat the original: its profile, its workload if measured, and its 16 users. */
export function focusOf(groups: readonly Group[]): Group[] {
  const polls = groups.filter(({ cell }) => cell.loop === "poll" && cell.architecture !== null);
  const workloads = polls.map(({ cell }) => cell.workload);
  const workload = workloads.includes(MAIN_WORKLOAD) ? MAIN_WORKLOAD : workloads[0];
  const ofWorkload = polls.filter(({ cell }) => cell.workload === workload);
  const counts = ofWorkload.map(({ cell }) => cell.users);
  const users = counts.includes(ORIGINAL_USERS) ? ORIGINAL_USERS : Math.max(...counts);
  return ofWorkload.filter(({ cell }) => cell.users === users);
}

export function isQueued({ cell }: Group): boolean {
  return cell.architecture !== null && queued.includes(cell.architecture);
}

export function okOf(group: Group): number {
  return spreadOf(group, ({ figures }) => figures.outcomes.ok)?.median ?? 0;
}

/** Workloads whose requests wait instead of computing, so that any number of workers fits on a core. */
const WAITING: readonly string[] = ["sleep", "exclusive"];

/**
 * The study's answer in three computed sentences.
 * @param cores of the machine. @default enough for all workers
 */
export function answerOf(focus: readonly Group[], cores = Number.POSITIVE_INFINITY): string[] {
  if (focus.length === 0) return ["Nothing was measured with the original's load (`poll`)."];
  return [queueSentence(focus, cores), directSentence(focus), idleSentence(focus)];
}

export interface Effects {
  /** Successful requests by number of workers, one count per queue. */
  byWorkers: { workers: number; found: number[] }[];
  /** Largest difference between queues with the same number of workers. */
  queue: number;
  /** Difference between the most and the fewest workers, as the median over the queues. */
  workers: number;
}

export function effectsOf(focus: readonly Group[]): Effects | null {
  const byCount = Map.groupBy(focus.filter(isQueued), ({ cell }) => cell.workers);
  const byWorkers = [...byCount]
    .map(([workers, groups]) => ({ workers, found: groups.map(okOf) }))
    .sort((a, b) => a.workers - b.workers);
  if (byWorkers.length === 0) return null;
  const queue = Math.max(...byWorkers.map(({ found }) => Math.max(...found) - Math.min(...found)));
  const workers = median(byWorkers.at(-1)!.found) - median(byWorkers[0]!.found);
  return { byWorkers, queue, workers };
}

function queueSentence(focus: readonly Group[], cores: number): string {
  const effects = effectsOf(focus);
  const { users, workload } = focus[0]!.cell;
  if (!effects) return "No architecture with a queue was measured.";
  const { byWorkers, queue, workers } = effects;
  const found = byWorkers.map((one) => `${range(one.found)} with ${counted(one.workers, "worker")}`);
  const inTime = `of ${users} simultaneous requests to a queue, ${list(found)} had a result in time`;
  if (byWorkers.length < 2)
    return `Only one number of workers was measured, so the effect of more is unknown: ${inTime}.`;
  const [fewest, most] = [byWorkers[0]!.workers, byWorkers.at(-1)!.workers];
  const isCrowded = most > cores && !WAITING.includes(workload);
  const answer =
    isCrowded && workers <= queue
      ? `On ${counted(cores, "core")}, ${most} workers that compute cannot show what more workers bring`
      : verdict(workers, queue);
  return (
    `${answer}: ${inTime}; going from ${fewest} to ${most} workers changed that by ${number(workers)} ` +
    `(median), and changing the queue by at most ${number(queue)}.`
  );
}

function verdict(workers: number, queue: number): string {
  if (workers >= 2 * queue && workers > 0)
    return "The choice of queue hardly matters, but the number of workers does, as the original found";
  if (workers > queue)
    return "The number of workers mattered more than the choice of queue, but less clearly than the original found";
  return "The number of workers mattered no more than the choice of queue, contrary to what the original found";
}

function directSentence(focus: readonly Group[]): string {
  const direct = focus.filter((group) => !isQueued(group));
  if (direct.length === 0) return "No architecture without a queue was measured.";
  const found = [...Map.groupBy(direct, ({ cell }) => seriesOf(cell)).values()].map((groups) => {
    const { architecture, variant } = groups[0]!.cell;
    return `${range(groups.map(okOf))} with ${architecture}${variant === null ? "" : ` (${variant})`}`;
  });
  const failure = mainFailure(direct);
  const rest = failure === null ? "" : `; the most common failure was \`${failure}\``;
  return `Without a queue, of ${direct[0]!.cell.users} simultaneous requests, ${list(found)} had a result in time${rest}.`;
}

/** The most frequent kind of failure. */
function mainFailure(groups: readonly Group[]): Outcome | null {
  const requests = groups.flatMap(pooled);
  const counts = outcomes.map((outcome) => ({
    outcome,
    count: requests.filter((request) => request.outcome === outcome).length,
  }));
  const [most] = counts
    .filter(({ outcome, count }) => outcome !== "ok" && count > 0)
    .sort((a, b) => b.count - a.count);
  return most?.outcome ?? null;
}

function idleSentence(focus: readonly Group[]): string {
  const p95 = (groups: readonly Group[]) =>
    groups.flatMap((group) => spreadOf(group, ({ idleTimes }) => idleTimes?.p95)?.median ?? []);
  const behind = p95(focus.filter(isQueued));
  const beside = p95(focus.filter((group) => !isQueued(group)));
  const accept = distribution(timesOf(focus.filter(isQueued).flatMap(pooled), "accept"));
  const parts = [
    ...(behind.length > 0 ? [`within ${ms(Math.max(...behind))} with the slowest queue`] : []),
    ...(beside.length > 0
      ? [`within ${ms(Math.max(...beside))} with the slowest architecture without a queue`]
      : []),
  ];
  const idle =
    parts.length > 0
      ? `Meanwhile, 95% of calls to an endpoint that does nothing were answered ${list(parts)}`
      : "The idle endpoint was not measured";
  return `${idle}${accept ? `; 95% of requests to a queue were accepted within ${ms(accept.p95)}` : ""}.`;
}
