import type { JobItem } from "../api/contract.ts";

/** Whether a step needed several attempts or failed, so that the attempts are worth showing. */
export function hasTroubles({ steps }: Pick<JobItem, "steps">): boolean {
  return steps.some(({ attempt, error }) => attempt > 1 || error);
}
