import { type AppContext, type AppScope, MillraceError } from "millrace";
import { z } from "zod";
import { scan } from "../pipelines/scan.ts";

/** Stages that users see, with a scan's progress in percent after each. */
const STAGES = { queued: 0, vision: 25, rule: 50, answer: 75, reward: 100 } as const;
type Stage = keyof typeof STAGES;
const RETRY_SECONDS = "1";

/** A scan for polling: `202` with `Retry-After` while it runs, then its result. Jobs also have event streams. */
export function scanRoutes(scope: AppScope, { millrace }: AppContext): void {
  scope.route({
    method: "GET",
    url: "/api/scans/:id",
    schema: { hide: true, params: z.object({ id: z.uuid() }) },
    async handler({ principal: { owner }, params: { id } }, reply) {
      const { state, pipeline, items, finishedAt } = await millrace.job<typeof scan>(id, { owner });
      const [item] = items;
      if (pipeline !== scan.name || !item) throw new MillraceError("not_found", "There is no such scan.");
      const stage = lastStage(item.steps);
      const found = { id, state, stage, percent: STAGES[stage], result: item.result, error: item.error };
      if (finishedAt !== null) return found;
      return reply.code(202).header("retry-after", RETRY_SECONDS).send(found);
    },
  });
}

/** The last completed stage. */
function lastStage(steps: readonly { name: string; state: string }[]): Stage {
  const ended = steps.filter(({ name, state }) => state === "succeeded" && name in STAGES);
  return (ended.at(-1)?.name as Stage | undefined) ?? "queued";
}
