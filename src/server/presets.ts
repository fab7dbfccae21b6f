import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Preset, type PresetUser, visibilities } from "../domain/presets.ts";
import type { Json } from "../domain/records.ts";
import { boundedObject } from "../engine/intake/json-bounds.ts";
import type { Presets } from "../engine/presets.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Principal } from "../http/principal.ts";
import { documented, pageOf } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";

const fields = {
  name: z.string().trim().min(1).max(100),
  options: boundedObject.describe(
    "Options of a job, without files. Options that you omit keep the pipeline's defaults.",
  ),
  visibility: z.enum(visibilities).describe("Only admins can set `everyone`."),
};
const created = z.strictObject({
  pipeline: z.string().min(1).max(100),
  ...{ name: fields.name, options: fields.options },
  visibility: fields.visibility.default("private"),
});
const changed = z.strictObject(fields).partial();
const preset = z.object({
  id: z.string(),
  pipeline: z.string(),
  name: z.string(),
  options: z.unknown(),
  visibility: fields.visibility,
  own: z.boolean().describe("Whether the preset belongs to the caller."),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

const tags = ["Presets"];
const params = z.object({ id: z.string().min(1).max(100) });
const refusals = ["not_found", "forbidden", "invalid_options", "unavailable"] as const;

export function presetRoutes(app: App, context: ServerContext): void {
  readRoutes(app, context);
  changeRoutes(app, context);
}

function readRoutes(app: App, context: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/presets",
    schema: {
      operationId: "presets",
      summary: "List your presets and shared ones, by name",
      tags,
      querystring: z.object({ pipeline: z.string().max(100).optional() }),
      ...documented({ 200: pageOf(preset) }, []),
    },
    async handler(request) {
      const user = userOf(request.principal);
      return {
        items: presetsOf(context)
          .list(user, request.query)
          .map((one) => view(one, user)),
        nextCursor: null,
      };
    },
  });

  app.route({
    method: "GET",
    url: "/v1/presets/:id",
    schema: {
      operationId: "preset",
      summary: "Retrieve a preset",
      tags,
      params,
      ...documented({ 200: preset }, ["not_found"]),
    },
    async handler(request) {
      const user = userOf(request.principal);
      return view(presetsOf(context).get(user, request.params.id), user);
    },
  });
}

function changeRoutes(app: App, context: ServerContext): void {
  /** Audits changes to presets that are for everyone, or become so. */
  const audit = (request: FastifyRequest): boolean => {
    const { principal } = request;
    const body = request.body as { visibility?: string } | null | undefined;
    const { id } = request.params as { id?: string };
    if (principal.isAdmin !== true) return false;
    return (
      body?.visibility === "everyone" || (id !== undefined && context.presets?.isForEveryone(id) === true)
    );
  };

  app.route({
    method: "POST",
    url: "/v1/presets",
    config: { audit },
    schema: {
      operationId: "createPreset",
      summary: "Create a preset",
      tags,
      body: created,
      ...documented({ 201: preset }, [...refusals, "quota_exceeded"]),
    },
    async handler(request, reply) {
      const user = userOf(request.principal);
      const spec = { ...request.body, options: request.body.options as Json };
      const made = await presetsOf(context).create(user, spec);
      reply.code(201).header("location", `/v1/presets/${made.id}`);
      return view(made, user);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/presets/:id",
    config: { audit },
    schema: {
      operationId: "changePreset",
      summary: "Update a preset",
      tags,
      params,
      body: changed,
      ...documented({ 200: preset }, [...refusals]),
    },
    async handler(request) {
      const user = userOf(request.principal);
      const given = Object.entries(request.body).filter(([, value]) => value !== undefined);
      const made = await presetsOf(context).change(user, request.params.id, Object.fromEntries(given));
      return view(made, user);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/presets/:id",
    config: { audit },
    schema: {
      operationId: "removePreset",
      summary: "Delete a preset",
      tags,
      params,
      ...documented({ 204: z.null().describe("Deleted") }, ["not_found", "forbidden", "unavailable"]),
    },
    async handler(request, reply) {
      await presetsOf(context).remove(userOf(request.principal), request.params.id);
      return reply.code(204).send(null);
    },
  });
}

function presetsOf({ presets }: ServerContext): Presets {
  if (presets) return presets;
  throw new MillraceError("unavailable", "This server does not store presets.");
}

function userOf({ owner, isAdmin = false }: Principal): PresetUser {
  return { owner, isAdmin };
}

function view({ owner, ...rest }: Preset, user: PresetUser): z.output<typeof preset> {
  return {
    ...rest,
    own: owner === user.owner,
    createdAt: new Date(rest.createdAt).toISOString(),
    updatedAt: new Date(rest.updatedAt).toISOString(),
  };
}
