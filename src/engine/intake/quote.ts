import type { CreateJob } from "../../domain/commands.ts";
import { fetchesFiles } from "../../domain/fetching.ts";
import { firstKey } from "../../domain/ledger/content-key.ts";
import type { PlanStep } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { Quote } from "../engine.ts";

/** What a job would cost, and how long it would wait. */
export async function quoteOf(store: Store, command: CreateJob): Promise<Quote> {
  const steps = command.plan.length;
  const [queued, next] = command.plan as [PlanStep, PlanStep?];
  const first = fetchesFiles(command.plan) ? next! : queued;
  const items = Math.max(1, command.items.length);
  const runs = items - command.items.filter(({ error }) => error).length;
  const keys = command.items.map((item) => firstKey(first, item)).filter((key) => key !== null);
  const cachedItems = await store.countCached({ keys });
  const queue = (await store.queues({ now: store.now() })).find((one) => one.name === queued.queue);
  const position = queue ? queue.ready + queue.running : 0;
  const waitSeconds = position === 0 ? 0 : queue && queue.drainRate > 0 ? position / queue.drainRate : null;
  return { position, waitSeconds, cachedItems, items, costUnits: (runs - cachedItems) * steps };
}
