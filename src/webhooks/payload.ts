import { derivedId, newId } from "../domain/ids.ts";
import type { EventRecord, JobRecord } from "../domain/records.ts";
import {
  TEST_EVENT,
  type WebhookEvent,
  type WebhookRecord,
  type WebhookSpec,
  type WholeDelivery,
} from "../domain/webhooks.ts";

type Job = Pick<JobRecord, "pipeline" | "metadata">;

/** Whether an endpoint subscribes to an event. @param job `null` if it was deleted meanwhile */
export function isWanted({ events, pipelines }: WebhookSpec, type: WebhookEvent, job: Job | null): boolean {
  if (!events.includes(type)) return false;
  return pipelines.length === 0 || (job !== null && pipelines.includes(job.pipeline));
}

/** The delivery of an event to an endpoint. Its id derives from both, so creating it again yields the same. */
export function deliveryOf(
  { id: webhookId, kind }: Pick<WebhookRecord, "id" | "kind">,
  event: EventRecord,
  job: Job | null,
  now: number,
): WholeDelivery {
  const { owner, seq, jobId, type, at } = event;
  return {
    ...fresh(webhookId, now),
    id: derivedId(at, webhookId, owner, String(seq)),
    owner,
    number: seq,
    event: type,
    jobId,
    payload: {
      type,
      timestamp: new Date(at).toISOString(),
      data: {
        number: seq,
        ...(kind === "everyone" && { owner }),
        jobId,
        pipeline: job?.pipeline ?? null,
        metadata: { ...job?.metadata },
        ...event.data,
      },
    },
  };
}

/** A test delivery. It is sent once, without retries. */
export function testDelivery({ id, owner }: Pick<WebhookRecord, "id" | "owner">, now: number): WholeDelivery {
  return {
    ...fresh(id, now),
    id: newId(now),
    owner,
    number: null,
    event: TEST_EVENT,
    jobId: null,
    byHand: true,
    payload: {
      type: TEST_EVENT,
      timestamp: new Date(now).toISOString(),
      data: { message: "This is a test from Millrace." },
    },
  };
}

function fresh(webhookId: string, now: number) {
  return {
    webhookId,
    state: "pending",
    tries: 0,
    dueAt: now,
    byHand: false,
    createdAt: now,
    endedAt: null,
    last: null,
    attempts: [],
  } satisfies Partial<WholeDelivery>;
}
