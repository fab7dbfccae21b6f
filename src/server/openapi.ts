import swagger from "@fastify/swagger";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import type { App } from "../http/app.ts";
import { componentNames } from "./api-schemas.ts";

const zodToJsonConfig = { unrepresentable: "any" } as const;
const transform = createJsonSchemaTransform({ zodToJsonConfig });
const transformObject = createJsonSchemaTransformObject({ zodToJsonConfig });

/** The OpenAPI document, made of the routes' schemas. Before the routes. */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Millrace",
        // Of the contract, whose addresses begin with /v1.
        version: "1.0.0",
        description:
          "Heavy image, document and AI work behind an HTTP API that never stalls. Errors are problem documents (RFC 9457) with a stable `code`.",
      },
      tags: [
        { name: "Jobs", description: "One request to run a pipeline on some files." },
        { name: "Events", description: "What happens, as server-sent events." },
        { name: "Files", description: "What jobs read and wrote." },
        { name: "Uploads", description: "Large files in pieces, which resume after a cut." },
        { name: "Pipelines", description: "What can be run." },
        { name: "Schedules", description: "Jobs that start by themselves." },
        { name: "Accounts", description: "Who you are, and how programs and browsers prove it." },
        { name: "Operations", description: "For those who run the server." },
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
      // A HEAD is its GET without the body.
      for (const path of Object.values(paths)) if (path.get) delete path.head;
      for (const name of Object.keys(components.schemas)) {
        if (!componentNames.has(name)) delete components.schemas[name];
      }
      return made;
    },
  });
}

/** Serves it; after the routes. */
export function serveApiDescription(app: App): void {
  let text: string | null = null;
  app.route({
    method: "GET",
    url: "/openapi.json",
    schema: { hide: true },
    handler: async (_, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply.header("content-type", "application/json; charset=utf-8").send(text);
    },
  });
}

interface Described {
  components: { schemas: Record<string, unknown> };
  paths: Record<string, { get?: unknown; head?: unknown }>;
}

/** A body of several media types, which the provider does not know how to describe. */
function formsOf(body: unknown): Record<string, { schema: unknown }> | null {
  if (typeof body !== "object" || body === null || !("content" in body)) return null;
  const content = body.content as Record<string, { schema: z.ZodType }>;
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema }]) => {
      // A form is read part by part, so its schema stands beside the one that is checked.
      const shown = (schema.meta()?.form as z.ZodType | undefined) ?? schema;
      return [type, { schema: z.toJSONSchema(shown, { io: "input", unrepresentable: "any" }) }];
    }),
  );
}
