import { JOB_ITEM, type PlanStep, type TaskRecord } from "./records.ts";

/**
 * Where the parts of split items are kept: among the tasks of their job, below its items, in the order of items and
 * parts. The number of a part's task says whose part it is, so that no rewriting of its row can lose that.
 */

/** Parts of one item that can be numbered: the most that a pipeline may allow (`maxParts`). */
export const MOST_PARTS = 100_000;
/** Items of one job that can have parts. */
export const MOST_SPLIT_ITEMS = 21_000;
const FIRST = -(2 ** 31);

export interface PartIndex {
  /** Index of the item. */
  item: number;
  /** Index of the part, from 0. */
  part: number;
}

/** What `TaskRecord.item` is of a part. */
export function partNumber({ item, part }: PartIndex): number {
  return FIRST + item * MOST_PARTS + part;
}

/** The first and the last number of an item's parts, or of those of a job. */
export function partNumbers(item?: number): [first: number, last: number] {
  if (item === undefined) return [FIRST, JOB_ITEM - 1];
  return [partNumber({ item, part: 0 }), partNumber({ item, part: MOST_PARTS - 1 })];
}

/** Whose part a task is; `null` for an item or an `all` step. */
export function partAt(number: number): PartIndex | null {
  if (number >= JOB_ITEM) return null;
  const count = number - FIRST;
  return { item: Math.floor(count / MOST_PARTS), part: count % MOST_PARTS };
}

export function isPart({ item }: Pick<TaskRecord, "item">): boolean {
  return item < JOB_ITEM;
}

/** Steps that an item passes, its parts' own included. They come before the `all` steps. */
export function itemSteps(plan: readonly Pick<PlanStep, "kind">[]): number {
  return plan.filter((step) => step.kind !== "all").length;
}

/** Index of the step that joins what the step at `split` splits. */
export function joinOf(plan: readonly Pick<PlanStep, "kind">[], split: number): number {
  return plan.findIndex((step, index) => index > split && step.kind === "join");
}
