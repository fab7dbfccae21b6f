import { z } from "zod";
import { type Preset, type PresetUser, visibilities } from "../domain/presets.ts";
import type { Json } from "../domain/records.ts";
import { boundedObject } from "../engine/intake/json-bounds.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Principal } from "../http/principal.ts";
import { documented, pageOf } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";
import { versionHeaders } from "./read-own-writes.ts";

const fields = {
  name: z.string().trim().min(1).max(100),
  options: boundedObject.describe("Of a job, without files. What is left out stays as the pipeline has it."),
  visibility: z.enum(visibilities).describe("`everyone` is for admins to give."),
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
  own: z.boolean().describe("Whether it is the caller's."),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});

const tags = ["Presets"];
const params = z.object({ id: z.string().min(1).max(100) });
const refusals = ["not_found", "forbidden", "invalid_options", "unavailable"] as const;

export function presetRoutes(app: App, { presets }: ServerContext): void {
  const kept = () => {
    if (presets) return presets;
    throw new MillraceError("unavailable", "This server keeps no presets.");
  };

  app.route({
    method: "GET",
    url: "/v1/presets",
    schema: {
      operationId: "presets",
      summary: "Your presets, and those for everyone, by name",
      tags,
      querystring: z.object({ pipeline: z.string().max(100).optional() }),
      ...documented({ 200: pageOf(preset) }, []),
    },
    async handler(request) {
      const user = userOf(request.principal);
      return {
        items: kept()
          .list(user, request.query)
          .map((one) => view(one, user)),
        nextCursor: null,
      };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/presets",
    schema: {
      operationId: "createPreset",
      summary: "Keep options of a pipeline under a name",
      tags,
      body: created,
      ...documented({ 201: preset }, [...refusals, "quota_exceeded"]),
    },
    async handler(request, reply) {
      const user = userOf(request.principal);
      const spec = { ...request.body, options: request.body.options as Json };
      const made = await kept().create(user, spec);
      reply
        .code(201)
        .header("location", `/v1/presets/${made.preset.id}`)
        .headers(versionHeaders(made.written));
      return view(made.preset, user);
    },
  });

  app.route({
    method: "GET",
    url: "/v1/presets/:id",
    schema: {
      operationId: "preset",
      summary: "A preset",
      tags,
      params,
      ...documented({ 200: preset }, ["not_found"]),
    },
    async handler(request) {
      const user = userOf(request.principal);
      return view(kept().get(user, request.params.id), user);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/presets/:id",
    schema: {
      operationId: "changePreset",
      summary: "Change a preset",
      tags,
      params,
      body: changed,
      ...documented({ 200: preset }, [...refusals]),
    },
    async handler(request, reply) {
      const user = userOf(request.principal);
      const given = Object.entries(request.body).filter(([, value]) => value !== undefined);
      const made = await kept().change(user, request.params.id, Object.fromEntries(given));
      reply.headers(versionHeaders(made.written));
      return view(made.preset, user);
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/presets/:id",
    schema: {
      operationId: "removePreset",
      summary: "Forget a preset",
      tags,
      params,
      ...documented({ 204: z.null().describe("Forgotten") }, ["not_found", "forbidden", "unavailable"]),
    },
    async handler(request, reply) {
      const written = await kept().remove(userOf(request.principal), request.params.id);
      return reply.code(204).headers(versionHeaders(written)).send(null);
    },
  });
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
