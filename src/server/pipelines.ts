import { z } from "zod";
import { unknownPipeline } from "../engine/pipelines.ts";
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
      summary: "List pipelines",
      tags: ["Pipelines"],
      ...documented({ 200: pageOf(pipeline) }, []),
    },
    handler: async () => ({
      items: engine.pipelines
        .list()
        .filter(({ internal }) => !internal)
        .map(view),
      nextCursor: null,
    }),
  });

  app.route({
    method: "GET",
    url: "/v1/pipelines/:name",
    schema: {
      operationId: "pipeline",
      summary: "Retrieve a pipeline",
      tags: ["Pipelines"],
      params: z.object({ name: z.string() }),
      ...documented({ 200: pipeline }, ["not_found"]),
    },
    async handler(request) {
      const { name } = request.params;
      const found = engine.pipelines.get(name);
      if (!found || found.internal) throw unknownPipeline(name, engine.pipelines);
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
