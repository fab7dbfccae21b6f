import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { auditRecords } from "../../database/audit.ts";
import { type AuditEntry, auditable } from "../../domain/audit.ts";
import { newId } from "../../domain/ids.ts";
import type { Json } from "../../domain/records.ts";
import type { App } from "../../http/app.ts";
import { component, documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count, time } from "./views.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Audit entry of an admin's request, started before the route runs. */
    audited: AuditEntry | null;
  }
  interface FastifyContextConfig {
    /** Whether to log the request. @default anything but GET and HEAD below `/v1/admin` */
    audit?: boolean | ((request: FastifyRequest) => boolean);
  }
}

const tags = ["Operations"];

const entry = component(
  "AuditEntry",
  z.object({
    id: z.string(),
    at: time,
    actor: z.string().describe("The user's id."),
    actorName: z.string().describe("The user's email address, if any."),
    via: z.string().describe("`session`, `key`, or `local` if accounts are off."),
    address: z.string().nullable().describe("Address that the request came from."),
    action: z.string().describe("Operation id of the call in the OpenAPI document."),
    method: z.string(),
    path: z.string(),
    target: z.record(z.string(), z.string()).describe("Ids in the path of the request."),
    detail: z
      .record(z.string(), z.unknown())
      .describe("The content of the request, without secrets, and its outcome."),
    status: z
      .int()
      .nullable()
      .describe("HTTP status. `null` if the process exited before the request finished."),
    ms: count.nullable(),
  }),
);

/**
 * Logs admin actions before they run, and their outcome before the response is sent. If the entry cannot be written,
 * the action does not run. Call it before adding routes.
 */
export function auditAdmins(app: App, { engine }: Pick<ServerContext, "engine">): void {
  const records = auditRecords(engine.database);
  app.decorateRequest("audited", null);

  app.addHook("preHandler", async (request) => {
    if (!isAudited(request)) return;
    request.audited = entryOf(request, engine.store.now());
    await records.begin(request.audited);
  });

  app.addHook("onSend", async (request, reply, payload) => {
    const { audited } = request;
    if (!audited) return payload;
    request.audited = null;
    const ended = { ...audited, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    await records.finish({ ...ended, detail: { ...ended.detail, ...numbersOf(payload) } });
    return payload;
  });
}

function isAudited(request: FastifyRequest): boolean {
  const { method, routeOptions } = request;
  const { url = "", config } = routeOptions;
  if (typeof config.audit === "function") return config.audit(request);
  if (config.audit !== undefined) return config.audit;
  return /^\/v1\/admin(\/|$)/.test(url) && method !== "GET" && method !== "HEAD";
}

function entryOf(request: FastifyRequest, now: number): AuditEntry {
  const { principal, routeOptions } = request;
  const { identity, owner } = principal;
  const { operationId } = (routeOptions.schema ?? {}) as { operationId?: string };
  const sent = auditable(request.body);
  return {
    id: newId(now),
    actor: owner,
    actorName: identity?.user.email ?? owner,
    via: identity ? viaOf(identity) : "local",
    address: request.ip ?? null,
    action: operationId ?? routeOptions.url ?? "unknown",
    method: request.method,
    path: request.url.split("?", 1)[0]!,
    target: { ...(request.params as { [name: string]: string }) },
    detail: sent === null ? {} : { sent },
    at: now,
    status: null,
    ms: null,
  };
}

function viaOf(identity: object): string {
  return "sessionId" in identity && identity.sessionId ? "session" : "key";
}

/** Numbers and states in the response, for the audit entry. */
function numbersOf(payload: unknown): { [name: string]: Json } {
  if (typeof payload !== "string" || payload.length > 100_000) return {};
  try {
    const answer = JSON.parse(payload) as { [name: string]: Json };
    const told = Object.entries(answer).filter(
      ([name, value]) => typeof value === "number" || ["id", "state", "code", "email"].includes(name),
    );
    return told.length === 0 ? {} : { answer: Object.fromEntries(told) };
  } catch {
    return {};
  }
}

export function auditRoute(app: App, { engine }: ServerContext): void {
  const records = auditRecords(engine.database);
  const moment = z.iso.datetime({ offset: true }).transform((at) => Date.parse(at));

  app.route({
    method: "GET",
    url: "/v1/admin/audit",
    schema: {
      operationId: "audit",
      summary: "List audit log entries, newest first",
      description: "Entries are kept for 400 days.",
      tags,
      querystring: z.object({
        actor: z.string().max(200).optional().describe("A user's id."),
        action: z.string().max(100).optional(),
        from: moment.optional(),
        to: moment.optional(),
        limit: limitParam(200, 50),
        cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: pageOf(entry) }, ["forbidden"]),
    },
    async handler({ query }) {
      const { limit, cursor, ...filter } = query;
      const found = await records.list({ ...filter, before: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: page.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });
}
