import { z } from "zod";
import { iso } from "../../domain/views.ts";
import {
  type DeliveryAttempt,
  type DeliveryRecord,
  deliveryStates,
  disabledReasons,
  type WebhookRecord,
  type WholeDelivery,
  webhookEvents,
  webhookFormats,
} from "../../domain/webhooks.ts";
import { breakerState } from "../../webhooks/breaker.ts";

const time = z.iso.datetime();
const count = z.int().min(0);

export const specFields = {
  url: z
    .string()
    .min(1)
    .max(2_048)
    .describe("A public `https://` or `http://` address that receives deliveries."),
  format: z
    .enum(webhookFormats)
    .describe(
      "`generic` follows Standard Webhooks and is signed. `slack` and `discord` send messages in those services' formats.",
    ),
  events: z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length).describe("Events to send."),
  pipelines: z
    .array(z.string().min(1).max(100))
    .max(100)
    .describe("Pipelines whose events are sent. Empty means all."),
  description: z.string().max(200).describe("Shown in lists."),
};

const lastFailure = z.object({
  at: time,
  status: z.int().nullable().describe("HTTP status. `null` if there was no response."),
  message: z.string(),
});

export const webhook = z.object({
  id: z.string(),
  owner: z.string(),
  everyone: z
    .boolean()
    .describe("Whether the webhook receives events of all users. Only admins can create these webhooks."),
  ...specFields,
  signed: z.boolean().describe("Whether deliveries are signed with a secret."),
  previousSecretUntil: time
    .nullable()
    .describe("Until this time, deliveries are also signed with the previous secret."),
  enabled: z.boolean(),
  disabledReason: z
    .enum(disabledReasons)
    .nullable()
    .describe(
      "`failing`: nothing arrived for five days. `gone`: the endpoint answered `410`. `owner`: disabled by its owner.",
    ),
  health: z.object({
    state: z
      .enum(["closed", "open", "half_open"])
      .describe(
        "State of the circuit breaker. `open`: nothing is sent at present. `half_open`: one delivery tests whether the endpoint is back.",
      ),
    failures: count.describe("Failed attempts since the last success."),
    failingSince: time.nullable(),
    retryAt: time.nullable().describe("Time of the next attempt while the breaker is open."),
    lastDeliveredAt: time.nullable(),
    lastFailure: lastFailure.nullable(),
  }),
  pending: count.describe("Waiting deliveries, counted up to 1,000."),
  resending: z.boolean().describe("Whether a request to resend events is still pending."),
  createdAt: time,
});
const secret = z
  .string()
  .nullable()
  .describe("Signing secret. Shown only in this response. `null` if there is no new secret.");
export const madeWebhook = webhook.extend({ secret });

export const resendCount = z
  .object({
    events: count.describe("Number of events that would be sent, without those already waiting."),
    more: z
      .boolean()
      .describe("Whether there may be more events than counted, because counting them all takes too long."),
  })
  .describe("Result of a dry run.");

const attempt = z.object({
  at: time,
  ms: count,
  status: z.int().nullable().describe("HTTP status. `null` if there was no response."),
  error: z.string().nullable().describe("Why the attempt counts as a failure."),
});

export const delivery = z.object({
  id: z.string().describe("Value of the header `webhook-id`. The same for every attempt."),
  number: z.int().nullable().describe("Of the event in its owner's log; `null` for a test."),
  event: z.string(),
  jobId: z.string().nullable(),
  owner: z.string(),
  state: z
    .enum(deliveryStates)
    .describe(
      "`failed`: all attempts are used up. `cancelled`: the delivery waited longer than deliveries are kept.",
    ),
  tries: count.describe("Attempts that count. Deferrals by the endpoint and manual retries do not count."),
  nextTryAt: time.nullable(),
  createdAt: time,
  endedAt: time.nullable(),
  last: attempt.nullable().describe("The last attempt."),
});

export const wholeDelivery = delivery.extend({
  request: z.object({
    method: z.literal("POST"),
    url: z.string(),
    headers: z
      .record(z.string(), z.string())
      .describe("Request headers without the signature, which differs for each attempt."),
    body: z.string(),
  }),
  attempts: z
    .array(
      attempt.extend({
        free: z.boolean().describe("Whether the attempt does not count."),
        response: z
          .object({
            headers: z.record(z.string(), z.string()),
            body: z.string().describe("First 2 KB of the body."),
          })
          .nullable(),
      }),
    )
    .describe("The last 20 attempts, in order."),
});

export function webhookView(
  record: WebhookRecord,
  { now, pending, isOwner }: { now: number; pending: number; isOwner: boolean },
): z.output<typeof webhook> {
  const { id, owner, spec, health, enabled, disabledReason } = record;
  const state = breakerState(health, now);
  const previous = record.secrets.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
  return {
    ...{ id, owner, ...spec, enabled, disabledReason, pending },
    url: isOwner ? spec.url : shownUrl(record),
    everyone: record.kind === "everyone",
    signed: record.secrets.length > 0,
    previousSecretUntil: previous.length > 0 ? iso(Math.max(...previous)) : null,
    health: {
      state,
      failures: health.failures,
      failingSince: iso(health.failingSince),
      retryAt: state === "open" ? iso(health.notBefore) : null,
      lastDeliveredAt: iso(health.lastDeliveredAt),
      lastFailure: health.lastFailure && { ...health.lastFailure, at: iso(health.lastFailure.at)! },
    },
    resending: record.resend !== null,
    createdAt: iso(record.createdAt)!,
  };
}

/** URLs of chat services are secrets, so only their origin is shown. */
function shownUrl({ spec }: WebhookRecord): string {
  return spec.format === "generic" ? spec.url : `${new URL(spec.url).origin}/…`;
}

export function deliveryView(record: DeliveryRecord): z.output<typeof delivery> {
  const { id, number, event, jobId, owner, state, tries, dueAt, createdAt, endedAt, last } = record;
  return {
    ...{ id, number, event, jobId, owner, state, tries },
    nextTryAt: iso(dueAt),
    createdAt: iso(createdAt)!,
    endedAt: iso(endedAt),
    last: last && attemptView(last),
  };
}

export function wholeDeliveryView(
  record: WholeDelivery,
  webhook: WebhookRecord,
  { body, isOwner }: { body: string; isOwner: boolean },
): z.output<typeof wholeDelivery> {
  return {
    ...deliveryView(record),
    request: {
      method: "POST",
      url: isOwner ? webhook.spec.url : shownUrl(webhook),
      headers: {
        "content-type": "application/json",
        ...(webhook.secrets.length > 0 && { "webhook-id": record.id }),
      },
      body,
    },
    attempts: record.attempts.map((one) => ({
      ...attemptView(one),
      free: one.free ?? false,
      response: one.response,
    })),
  };
}

function attemptView({ at, ms, status, error }: Omit<DeliveryAttempt, "response" | "free">) {
  return { at: iso(at)!, ms, status, error };
}
