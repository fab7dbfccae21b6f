import { z } from "zod";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { inputSchema } from "../pipeline/input-schema.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { documented, pageOf, pipeline } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";

export function pipelineRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/pipelines",
    schema: {
      operationId: "pipelines",
      summary: "The pipelines of this server",
      tags: ["Pipelines"],
      ...documented({ 200: pageOf(pipeline) }, []),
    },
    handler: async () => ({ items: engine.pipelines.list().map(view), nextCursor: null }),
  });

  app.route({
    method: "GET",
    url: "/v1/pipelines/:name",
    schema: {
      operationId: "pipeline",
      summary: "A pipeline",
      tags: ["Pipelines"],
      params: z.object({ name: z.string() }),
      ...documented({ 200: pipeline }, ["not_found"]),
    },
    async handler(request) {
      const found = engine.pipelines.get(request.params.name);
      if (!found) throw new MillraceError("not_found", "There is no such pipeline.");
      return view(found);
    },
  });
}

const views = new WeakMap<Pipeline, z.output<typeof pipeline>>();

function view(pipeline: Pipeline) {
  const known = views.get(pipeline);
  if (known) return known;
  const { name, version, title, description, accepts, steps } = pipeline;
  const made = {
    name,
    version,
    title,
    description,
    accepts: {
      ...accepts,
      mediaTypes: [...accepts.mediaTypes],
      data: accepts.data && inputSchema(accepts.data),
    },
    options: inputSchema(pipeline.options),
    steps: steps.map((step) => ({
      name: step.name,
      kind: step.kind,
      attempts: step.attempts,
      timeoutMs: step.timeoutMs,
    })),
  };
  views.set(pipeline, made);
  return made;
}
