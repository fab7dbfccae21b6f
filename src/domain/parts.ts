import { JOB_ITEM, type PlanStep, type TaskRecord } from "./records.ts";

/**
 * Parts of split items are stored among the tasks of their job, below its items, ordered by item and part. The item and
 * part follow from the task's number, so that rewriting its row cannot lose them.
 */

/** Most parts that can be numbered per item, and so the upper bound of `maxParts`. */
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

/** The `TaskRecord.item` of a part. */
export function partNumber({ item, part }: PartIndex): number {
  return FIRST + item * MOST_PARTS + part;
}

/** The first and last number of the parts of an item, or of the whole job. */
export function partNumbers(item?: number): [first: number, last: number] {
  if (item === undefined) return [FIRST, JOB_ITEM - 1];
  return [partNumber({ item, part: 0 }), partNumber({ item, part: MOST_PARTS - 1 })];
}

/** The item and part of a task; `null` for an item or an `all` step. */
export function partAt(number: number): PartIndex | null {
  if (number >= JOB_ITEM) return null;
  const count = number - FIRST;
  return { item: Math.floor(count / MOST_PARTS), part: count % MOST_PARTS };
}

export function isPart({ item }: Pick<TaskRecord, "item">): boolean {
  return item < JOB_ITEM;
}

/** Steps that an item goes through, including those of its parts. They come before the `all` steps. */
export function itemSteps(plan: readonly Pick<PlanStep, "kind">[]): number {
  return plan.filter((step) => step.kind !== "all").length;
}

/** Index of the join that belongs to the split at `split`. */
export function joinOf(plan: readonly Pick<PlanStep, "kind">[], split: number): number {
  return plan.findIndex((step, index) => index > split && step.kind === "join");
}
