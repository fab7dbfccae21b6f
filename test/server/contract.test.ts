import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { catalogue } from "../../src/errors.ts";
import { item, job, pageOf, pipeline, problem } from "../../src/server/api-schemas.ts";
import { copy, count, createJob, ended, form } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

interface Operation {
  operationId: string;
  responses: Record<string, { description: string; content?: Record<string, unknown> }>;
}

interface OpenApi {
  openapi: string;
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
  await read("/v1/jobs/none", problem);
  await read("/none", problem);
});
