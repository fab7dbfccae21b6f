import { newId } from "../../domain/ids.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Store } from "../../ports/store/store.ts";
import { type Admission, type AdmissionRequest, RESERVATION_MS } from "../engine.ts";
import { firstQueue } from "../plan.ts";
import { unwrap } from "../unwrap.ts";

/** Of a queue's limit, what one owner may have reserved at once: it lasts as long as an upload, and others wait for it. */
const RESERVED_SHARE = 0.1;
/** In a short queue a share would be a request or two: so many tasks an owner may always have reserved. */
const LEAST_RESERVED = 20;
/** Of a queue's limit, what one owner may have in it that starts later. */
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

/** Whoever has nothing in the queue may send the largest job that there is. */
function shareOf(pipeline: Pipeline, share: number): number {
  return Math.max(Math.ceil(pipeline.queueLimit * share), mostItems(pipeline));
}

/** Items of the largest job that a pipeline takes. */
export function mostItems({ accepts }: Pipeline): number {
  return Math.max(1, accepts.maxFiles, accepts.maxItems);
}
