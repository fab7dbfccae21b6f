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

export interface PartPlace {
  /** Index of the item. */
  item: number;
  /** Index of the part, from 0. */
  part: number;
}

/** What `TaskRecord.item` is of a part. */
export function placeOfPart({ item, part }: PartPlace): number {
  return FIRST + item * MOST_PARTS + part;
}

/** The first and the last place of an item's parts, or of those of a job. */
export function placesOfParts(item?: number): [first: number, last: number] {
  if (item === undefined) return [FIRST, JOB_ITEM - 1];
  return [placeOfPart({ item, part: 0 }), placeOfPart({ item, part: MOST_PARTS - 1 })];
}

/** Whose part a task is; `null` for an item or an `all` step. */
export function partAt(place: number): PartPlace | null {
  if (place >= JOB_ITEM) return null;
  const number = place - FIRST;
  return { item: Math.floor(number / MOST_PARTS), part: number % MOST_PARTS };
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
