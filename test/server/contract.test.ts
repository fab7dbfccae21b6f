import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { catalogue } from "../../src/errors.ts";
import { apiExamples } from "../../src/server/api-examples.ts";
import { item, job, pageOf, pipeline, problem } from "../../src/server/api-schemas.ts";
import { event } from "../../src/server/events/event-schema.ts";
import { jobBody } from "../../src/server/jobs/job-fields.ts";
import { copy, count, createJob, ended, form } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { example?: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

interface OpenApi {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties: { code: { enum: string[] } } }> };
}

let server: Running;
let document: OpenApi;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count] });
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApi;
});
afterAll(() => server.close());

test("the catalogue, its page and the OpenAPI document name the same codes", async () => {
  const page = await readFile(new URL("../../docs/errors.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \| ([^|]+) \|/gm)].map(
    ([, code, status, retry, title]) => [code, { status: Number(status), title, retryable: retry === "yes" }],
  );
  expect(Object.fromEntries(rows)).toEqual(catalogue);
  expect(rows).toHaveLength(Object.keys(catalogue).length);
  expect(document.components.schemas.Problem!.properties.code.enum.toSorted()).toEqual(
    Object.keys(catalogue).sort(),
  );
});

test("every call of the contract is described", () => {
  const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(calls).toEqual(
    expect.arrayContaining([
      "POST /v1/jobs",
      "GET /v1/jobs",
      "GET /v1/jobs/{id}",
      "DELETE /v1/jobs/{id}",
      "GET /v1/jobs/{id}/items",
      "GET /v1/jobs/{id}/items/{index}/parts",
      "GET /v1/jobs/{id}/events",
      "GET /v1/events",
      "GET /v1/jobs/{id}/archive",
      "GET /v1/artifacts/{id}",
      "POST /v1/jobs/{id}/cancel",
      "POST /v1/jobs/{id}/retry",
      "POST /v1/jobs/quote",
      "GET /v1/pipelines",
      "GET /v1/pipelines/{name}",
      "GET /v1/admin/queues",
      "POST /v1/admin/queues/{name}/pause",
      "POST /v1/admin/queues/{name}/resume",
      "GET /v1/admin/dead-letters",
      "POST /v1/admin/dead-letters/{taskId}/replay",
      "POST /v1/admin/dead-letters/replay",
      "GET /v1/admin/jobs/{id}/timeline",
      "GET /v1/admin/workers",
      "POST /v1/admin/workers/{id}/drain",
      "GET /v1/admin/jobs",
      "GET /v1/admin/history",
      "GET /v1/admin/overview",
      "GET /v1/admin/operations",
      "POST /v1/admin/operations",
      "GET /v1/admin/operations/{id}",
      "POST /v1/admin/operations/{id}/start",
      "POST /v1/admin/operations/{id}/stop",
      "GET /v1/admin/dead-letters/groups",
      "GET /v1/admin/audit",
      "GET /v1/admin/replicas",
      "GET /v1/admin/events",
      "GET /v1/admin/scale",
      "GET /healthz",
      "GET /readyz",
      "GET /metrics",
    ]),
  );
  expect(document.openapi).toMatch(/^3\.1/);
});

test("the document holds together: every reference leads somewhere, every call has its own name and errors", () => {
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name!);
  }
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const names = operations.map((operation) => operation.operationId);
  expect(names.filter((name, index) => name === undefined || names.indexOf(name) !== index)).toEqual([]);
  for (const { responses } of operations) {
    for (const [status, response] of Object.entries(responses).filter(([status]) => Number(status) >= 400)) {
      if (status === "503" && !response.content?.["application/problem+json"]) continue;
      expect(Object.keys(response.content!)).toEqual(["application/problem+json"]);
      for (const [, code] of response.description.matchAll(/`(\w+)`/g)) {
        expect(catalogue[code as keyof typeof catalogue].status).toBe(Number(status));
      }
    }
  }
});

test("answers have the shapes that they are described with", async () => {
  const files = [
    ["ok.txt", "ok"],
    ["bad.txt", "bad"],
  ] as const;
  const created = await createJob(server.url, form("copy", files, { options: '{"fail":"bad"}' }));
  job.parse(created);
  await ended(server.url, created.id);
  const read = async (path: string, schema: z.ZodType) =>
    schema.parse(await (await fetch(server.url + path)).json());
  await read(`/v1/jobs/${created.id}`, job);
  await read("/v1/jobs", pageOf(job));
  await read(`/v1/jobs/${created.id}/items`, pageOf(item));
  await read("/v1/pipelines", pageOf(pipeline));
  const events = eventsOf(await (await fetch(`${server.url}/v1/jobs/${created.id}/events`)).text());
  expect(events.map((one) => event.parse(one).event)).toEqual(
    expect.arrayContaining(["job.created", "item.succeeded", "item.failed", "job.partial"]),
  );
  await read("/v1/jobs/none", problem);
  await read("/none", problem);
});

test("the document begins with examples that hold: a form first, and the address of this server", () => {
  expect(document.servers).toEqual([{ url: server.url }]);
  const { requestBody } = document.paths["/v1/jobs"]!.post!;
  expect(Object.keys(requestBody!.content)).toEqual(["multipart/form-data", "application/json"]);
  expect(requestBody!.content["multipart/form-data"]!.example).toMatchObject({ pipeline: "image.convert" });

  const response = (name: string, type = "application/json") => apiExamples[name]!.response![type];
  jobBody.parse(apiExamples.createJob!.request!["application/json"]);
  job.parse(response("createJob"));
  job.parse(response("job"));
  pageOf(job).parse(response("jobs"));
  for (const one of eventsOf(response("jobEvents", "text/event-stream") as string)) event.parse(one);
});

/** The events of a stream, without keep-alive lines. */
function eventsOf(stream: string): object[] {
  return stream
    .split("\n\n")
    .map((frame) => new Map(frame.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string])))
    .filter((fields) => fields.has("event"))
    .map((fields) => ({
      ...(fields.has("id") && { id: fields.get("id") }),
      event: fields.get("event"),
      data: JSON.parse(fields.get("data")!),
    }));
}
