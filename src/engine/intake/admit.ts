import { newId } from "../../domain/ids.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Store } from "../../ports/store/store.ts";
import { type Admission, type AdmissionRequest, RESERVATION_MS } from "../engine.ts";
import { firstQueue } from "../plan.ts";
import { unwrap } from "../unwrap.ts";

/**
 * Share of a queue's limit that one owner may have reserved at once: reservations last as long as an upload, while
 * others wait.
 */
const RESERVED_SHARE = 0.1;
/** In a short queue that share would be a request or two, so an owner may always reserve this many tasks. */
const LEAST_RESERVED = 20;
/** Share of a queue's limit that one owner's delayed tasks may take. */
const DELAYED_SHARE = 0.5;

type Asked = Pick<AdmissionRequest, "owner" | "tasks" | "fetches" | "delayed">;

/** Reserves room in the queue of the pipeline's first step. */
export async function reserveRoom(
  store: Store,
  pipeline: Pipeline,
  { owner, tasks, fetches = false, delayed = false }: Asked,
): Promise<Admission> {
  const now = store.now();
  const id = newId(now);
  const reserved = await store.reserve({
    id,
    owner,
    queue: firstQueue(pipeline, fetches),
    tasks,
    limit: pipeline.queueLimit,
    ownerLimit: Math.max(shareOf(pipeline, RESERVED_SHARE), LEAST_RESERVED),
    ownerDelayedLimit: shareOf(pipeline, DELAYED_SHARE),
    delayed,
    now,
    expiresAt: now + RESERVATION_MS,
  });
  unwrap(reserved);
  return { id, pipeline, release: () => store.release({ id }) };
}

/** An owner with nothing in the queue may always send the largest possible job. */
function shareOf(pipeline: Pipeline, share: number): number {
  return Math.max(Math.ceil(pipeline.queueLimit * share), mostItems(pipeline));
}

/** Number of items in the largest job that a pipeline takes. */
export function mostItems({ accepts }: Pipeline): number {
  return Math.max(1, accepts.maxFiles, accepts.maxItems);
}
