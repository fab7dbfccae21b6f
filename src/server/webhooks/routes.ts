import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { deliveryStates, usualWebhookEvents, type WebhookRecord } from "../../domain/webhooks.ts";
import type { App } from "../../http/app.ts";
import { LONGEST_GRACE_HOURS, USUAL_GRACE_HOURS } from "../../webhooks/secrets.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import {
  delivery,
  deliveryView,
  madeWebhook,
  resendCount,
  specFields,
  webhook,
  webhookView,
  wholeDelivery,
  wholeDeliveryView,
} from "./webhook-view.ts";

const id = z.string().min(1).max(100);
const params = z.object({ id });
const deliveryParams = z.object({ id, deliveryId: id });
const cursor = z.string().max(100).optional().describe("`nextCursor` of the previous page.");
const { url, format, events, pipelines, description } = specFields;
const created = z.strictObject({
  url,
  format: format.default("generic"),
  events: events.default([...usualWebhookEvents]),
  pipelines: pipelines.default([]),
  description: description.default(""),
});
const changed = z
  .strictObject({ ...specFields, enabled: z.boolean().describe("Whether events are sent.") })
  .partial();

/** Webhook routes for owners, or for operators, who see everyone's. */
interface Kind {
  base: string;
  tags: string[];
  named(name: string): string;
  ownerOf(request: FastifyRequest): string | null;
  /** Scope of webhooks created here. */
  kind: "own" | "everyone";
  whose: string;
}

export function webhookRoutes(app: App, context: ServerContext): void {
  const own: Kind = {
    base: "/v1/webhooks",
    tags: ["Webhooks"],
    named: (name) => name,
    ownerOf: (request) => request.principal.owner,
    kind: "own",
    whose: "your",
  };
  const any: Kind = {
    base: "/v1/admin/webhooks",
    tags: ["Operations"],
    named: (name) => `any${name[0]!.toUpperCase()}${name.slice(1)}`,
    ownerOf: () => null,
    kind: "everyone",
    whose: "all users'",
  };
  for (const kind of [own, any]) {
    endpointRoutes(app, context, kind);
    changeRoutes(app, context, kind);
    deliveryRoutes(app, context, kind);
    resendRoutes(app, context, kind);
  }
}

function shower({ webhooks, engine }: ServerContext) {
  return async (record: WebhookRecord, request: FastifyRequest) => {
    const pending = await webhooks.pending(record.id);
    const isOwner = record.owner === request.principal.owner;
    return webhookView(record, { now: engine.store.now(), pending, isOwner });
  };
}

function endpointRoutes(app: App, context: ServerContext, kind: Kind): void {
  const { webhooks } = context;
  const { base, tags, named, ownerOf, whose } = kind;
  const show = shower(context);

  app.route({
    method: "POST",
    url: base,
    schema: {
      operationId: named("createWebhook"),
      summary:
        kind.kind === "own" ? "Create a webhook for your jobs" : "Create a webhook for the jobs of all users",
      description: "The response contains the signing secret, which is never shown again.",
      tags,
      body: created,
      ...documented({ 201: madeWebhook }, ["address_refused", "quota_exceeded"]),
    },
    async handler(request, reply) {
      const made = await webhooks.create(request.principal.owner, kind.kind, request.body);
      reply.code(201).header("location", `${base}/${made.webhook.id}`);
      return { ...(await show(made.webhook, request)), secret: made.secret };
    },
  });

  app.route({
    method: "GET",
    url: base,
    schema: {
      operationId: named("webhooks"),
      summary: `List ${whose} webhooks and their health`,
      tags,
      querystring: z.object({ limit: limitParam(100, 20), cursor }),
      ...documented({ 200: pageOf(webhook) }, []),
    },
    async handler(request) {
      const { limit, cursor: after } = request.query;
      const found = await webhooks.list({ owner: ownerOf(request), after, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: await Promise.all(page.map((one) => show(one, request))),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });

  app.route({
    method: "GET",
    url: `${base}/:id`,
    schema: {
      operationId: named("webhook"),
      summary: "Retrieve a webhook and its health",
      tags,
      params,
      ...documented({ 200: webhook }, ["not_found"]),
    },
    handler: async (request) =>
      show(await webhooks.get({ owner: ownerOf(request), id: request.params.id }), request),
  });
}

function changeRoutes(app: App, context: ServerContext, kind: Kind): void {
  const { webhooks } = context;
  const { base, tags, named, ownerOf } = kind;
  const show = shower(context);

  app.route({
    method: "PATCH",
    url: `${base}/:id`,
    schema: {
      operationId: named("changeWebhook"),
      summary: "Update, enable or disable a webhook",
      description:
        "Fields that you omit keep their values. Events that occur while the webhook is disabled are not delivered. Use `resend` to deliver them later.",
      tags,
      params,
      body: changed,
      ...documented({ 200: madeWebhook }, ["not_found", "address_refused"]),
    },
    async handler(request) {
      const query = { owner: ownerOf(request), id: request.params.id };
      const { webhook: record, secret } = await webhooks.change(query, request.body);
      return { ...(await show(record, request)), secret };
    },
  });

  app.route({
    method: "DELETE",
    url: `${base}/:id`,
    schema: {
      operationId: named("removeWebhook"),
      summary: "Delete a webhook and its deliveries",
      tags,
      params,
      ...documented({ 204: z.null().describe("Deleted") }, ["not_found"]),
    },
    async handler(request, reply) {
      await webhooks.remove({ owner: ownerOf(request), id: request.params.id });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: `${base}/:id/secret`,
    schema: {
      operationId: named("rotateWebhookSecret"),
      summary: "Rotate a webhook's secret",
      description:
        "For a while, deliveries are signed with both the old and the new secret, so that receivers can switch at any time.",
      tags,
      params,
      body: z
        .strictObject({
          graceHours: z
            .number()
            .min(0)
            .max(LONGEST_GRACE_HOURS)
            .default(USUAL_GRACE_HOURS)
            .describe("How long the previous secret also signs deliveries. 0 means it stops at once."),
        })
        .prefault({}),
      ...documented({ 200: madeWebhook }, ["not_found"]),
    },
    async handler(request) {
      const query = { owner: ownerOf(request), id: request.params.id };
      const { webhook: record, secret } = await webhooks.rotate(query, request.body.graceHours);
      return { ...(await show(record, request)), secret };
    },
  });
}

function deliveryRoutes(app: App, context: ServerContext, kind: Kind): void {
  const { webhooks, publicUrl } = context;
  const { base, tags, named, ownerOf } = kind;

  app.route({
    method: "GET",
    url: `${base}/:id/deliveries`,
    schema: {
      operationId: named("webhookDeliveries"),
      summary: "List a webhook's deliveries, newest event first",
      tags,
      params,
      querystring: z.object({ state: z.enum(deliveryStates).optional(), limit: limitParam(100, 20), cursor }),
      ...documented({ 200: pageOf(delivery) }, ["not_found"]),
    },
    async handler(request) {
      const { state, limit, cursor: before } = request.query;
      const query = { owner: ownerOf(request), id: request.params.id };
      const found = await webhooks.deliveries(query, { state, before, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: page.map(deliveryView),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });

  app.route({
    method: "GET",
    url: `${base}/:id/deliveries/:deliveryId`,
    schema: {
      operationId: named("webhookDelivery"),
      summary: "Retrieve a delivery with its attempts and their responses",
      tags,
      params: deliveryParams,
      ...documented({ 200: wholeDelivery }, ["not_found"]),
    },
    async handler(request) {
      const query = { owner: ownerOf(request), id: request.params.id };
      const record = await webhooks.get(query);
      const whole = await webhooks.delivery(query, request.params.deliveryId);
      return wholeDeliveryView(
        whole,
        record,
        shown(record, request, webhooks.bodyOf(record, whole, publicUrl)),
      );
    },
  });

  app.route({
    method: "POST",
    url: `${base}/:id/deliveries/:deliveryId/retry`,
    schema: {
      operationId: named("retryWebhookDelivery"),
      summary: "Retry a delivery now",
      description: "Works for a delivery in any state. The delivery keeps its id.",
      tags,
      params: deliveryParams,
      ...documented({ 202: delivery }, ["not_found"]),
    },
    async handler(request, reply) {
      const query = { owner: ownerOf(request), id: request.params.id };
      reply.code(202);
      return deliveryView(await webhooks.retry(query, request.params.deliveryId));
    },
  });

  app.route({
    method: "POST",
    url: `${base}/:id/test`,
    schema: {
      operationId: named("testWebhook"),
      summary: "Send a test",
      description:
        "A worker sends the test once. The call responds with the endpoint's answer, or with the current state after 25 s.",
      tags,
      params,
      ...documented({ 200: wholeDelivery }, ["not_found"]),
    },
    async handler(request) {
      const query = { owner: ownerOf(request), id: request.params.id };
      const gone = new AbortController();
      request.raw.once("close", () => request.raw.socket.destroyed && gone.abort());
      const record = await webhooks.get(query);
      const whole = await webhooks.test(query, gone.signal);
      return wholeDeliveryView(
        whole,
        record,
        shown(record, request, webhooks.bodyOf(record, whole, publicUrl)),
      );
    },
  });
}

function shown(record: WebhookRecord, request: FastifyRequest, body: string) {
  return { body, isOwner: record.owner === request.principal.owner };
}

function resendRoutes(app: App, context: ServerContext, kind: Kind): void {
  const { webhooks } = context;
  const { base, tags, named, ownerOf } = kind;
  const show = shower(context);

  app.route({
    method: "POST",
    url: `${base}/:id/resend`,
    config: {
      audit: ({ body }) => kind.kind === "everyone" && (body as { dryRun: boolean }).dryRun !== true,
    },
    schema: {
      operationId: named("resendWebhook"),
      summary: "Resend all events since a given time",
      description:
        "Events keep their ids. Includes events that the webhook never received, for example while it was disabled, as far back as the log goes.",
      tags,
      params,
      body: z.strictObject({
        since: z.iso.datetime({ offset: true }),
        failedOnly: z.boolean().default(false).describe("Only deliveries that used up all their attempts."),
        dryRun: z.boolean().default(false).describe("Only counts the events that would be sent."),
      }),
      ...documented({ 200: resendCount, 202: webhook }, ["not_found"]),
    },
    async handler(request, reply) {
      const { since, failedOnly, dryRun } = request.body;
      const query = { owner: ownerOf(request), id: request.params.id };
      if (dryRun)
        return reply.code(200).send(await webhooks.countResend(query, Date.parse(since), failedOnly));
      reply.code(202);
      return show(await webhooks.resend(query, Date.parse(since), failedOnly), request);
    },
  });
}
