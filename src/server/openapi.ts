import swagger from "@fastify/swagger";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import type { App } from "../http/app.ts";
import { apiExamples } from "./api-examples.ts";
import { apiGuide } from "./api-guide.ts";
import { componentNames } from "./api-schemas.ts";

const zodToJsonConfig = { unrepresentable: "any" } as const;
const transform = createJsonSchemaTransform({ zodToJsonConfig });
const transformObject = createJsonSchemaTransformObject({ zodToJsonConfig });

/** Generates the OpenAPI document from the routes' schemas. Call it before adding routes. */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Millrace",
        // Version of the API, whose paths begin with /v1.
        version: "1.0.0",
        description: apiGuide,
      },
      tags: [
        { name: "Jobs", description: "A job runs a pipeline on files or items of data." },
        { name: "Events", description: "Job progress as server-sent events." },
        { name: "Files", description: "The files that jobs read and write." },
        { name: "Uploads", description: "Resumable uploads of large files." },
        { name: "Pipelines", description: "The pipelines that this server can run." },
        { name: "Schedules", description: "Jobs that start automatically." },
        { name: "Accounts", description: "Users, sessions and API keys." },
        { name: "Operations", description: "Calls for the operators of a server." },
      ],
    },
    transform(document) {
      const schema = document.schema as { body?: unknown } | undefined;
      const forms = formsOf(schema?.body);
      if (!forms) return transform(document);
      const { body: _, ...rest } = schema as Record<string, unknown>;
      const transformed = transform({ ...document, schema: rest });
      return { ...transformed, schema: { ...(transformed.schema as object), body: { content: forms } } };
    },
    transformObject(document) {
      const made = transformObject(document);
      const { components, paths } = made as Described;
      // HEAD is GET without the body, so it is left out.
      for (const path of Object.values(paths)) if (path.get) delete path.head;
      for (const path of Object.values(paths)) Object.values(path).forEach(addExamples);
      for (const name of Object.keys(components.schemas)) {
        if (!componentNames.has(name)) delete components.schemas[name];
      }
      return made;
    },
  });
}

/**
 * Serves the document. Call it after adding routes.
 * @param publicUrl base URL of the server. Without one, the document uses the requested host.
 */
export function serveApiDescription(app: App, publicUrl: string | null): void {
  let rest: string | null = null;
  app.route({
    method: "GET",
    url: "/openapi.json",
    schema: { hide: true },
    handler: async ({ protocol, host }, reply) => {
      rest ??= JSON.stringify(app.swagger()).slice(1);
      const servers = [{ url: publicUrl ?? `${protocol}://${host}` }];
      return reply
        .header("content-type", "application/json; charset=utf-8")
        .send(`{"servers":${JSON.stringify(servers)},${rest}`);
    },
  });
}

interface Described {
  components: { schemas: Record<string, unknown> };
  paths: Record<string, { [method: string]: unknown; get?: unknown; head?: unknown }>;
}

type Content = Record<string, { example?: unknown }>;

interface Operation {
  operationId?: string;
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
}

function addExamples(described: unknown): void {
  const { operationId = "", requestBody, responses } = described as Operation;
  const { request = {}, response = {} } = apiExamples[operationId] ?? {};
  for (const [type, example] of Object.entries(request)) requestBody!.content[type]!.example = example;
  const content = (responses[200] ?? responses[202])?.content;
  for (const [type, example] of Object.entries(response)) content![type]!.example = example;
}

/** Schemas of a body with several media types, which the provider cannot describe. */
function formsOf(body: unknown): Record<string, { schema: unknown }> | null {
  if (typeof body !== "object" || body === null || !("content" in body)) return null;
  const content = body.content as Record<string, { schema: z.ZodType }>;
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema }]) => {
      // Forms are read part by part, so their schema is only for display, next to the one that is validated.
      const shown = (schema.meta()?.form as z.ZodType | undefined) ?? schema;
      return [type, { schema: z.toJSONSchema(shown, { io: "input", unrepresentable: "any" }) }];
    }),
  );
}
