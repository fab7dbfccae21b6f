import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { type item, job as jobSchema, pageOf, part } from "../../src/server/api-schemas.ts";
import { createJob, ended, form } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const text = (data: string) => ({ data: Buffer.from(data), mediaType: "text/plain" });
const failing = new Set<string>();

/** Every step writes a file, most of them with the same name; one step throws an unexpected error. */
const papers = definePipeline({
  name: "papers",
  version: 3,
  title: "Papers",
  accepts: { mediaTypes: ["text/plain"], minFiles: 1 },
})
  .each("read", async (ctx) => {
    const page = await ctx.write({ name: "page.txt", ...text(`page of ${ctx.name}`) });
    return { pages: [{ page }], by: "read" };
  })
  .each(
    "mark",
    async (ctx) => {
      if (failing.delete(ctx.name)) confused();
      if (ctx.name.startsWith("dead")) confused();
      ctx.warn("faint", "The print is faint.");
      await ctx.write({ name: "page.txt", ...text(`marked ${ctx.name}`) });
      return { by: ctx.previous.by };
    },
    { attempts: 2, backoff: { baseMs: 1, maxMs: 1 } },
  )
  .all("gather", async (ctx) => {
    await ctx.write({ name: "report.csv", data: Buffer.from("name\n"), mediaType: "text/csv" });
    return ctx.items.length;
  })
  .all("publish", async (ctx) => ({ report: await ctx.write({ name: "steps", ...text("the summary") }) }));

/** Throws an unexpected error; its function name shows up in stack traces. */
function confused(): never {
  throw new TypeError("Cannot read the secret of undefined", { cause: new Error("deeper") });
}

const words = definePipeline({
  name: "words",
  version: 1,
  title: "Words",
  accepts: { mediaTypes: ["text/plain"], minFiles: 1 },
})
  .split("cut", async (ctx) =>
    (await ctx.read(ctx.file))
      .toString()
      .split(" ")
      .map((data) => ({ data })),
  )
  .each(
    "shout",
    async (ctx) => {
      if (ctx.part.data === "bad") confused();
      await ctx.write({ name: "word.txt", ...text(ctx.part.data.toUpperCase()) });
      return ctx.part.data;
    },
    { attempts: 1 },
  )
  .join("glue", async (ctx) => {
    await ctx.write({ name: "all.txt", ...text("glued") });
    return ctx.parts.length;
  });

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [papers, words], workerLog: true });
});
afterAll(() => server.close());

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(server.url + path);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

async function run(pipeline: string, files: [string, string][]) {
  const { id } = await createJob(server.url, form(pipeline, files));
  await ended(server.url, id);
  return jobSchema.parse(await get(`/v1/jobs/${id}`));
}

async function archive(id: string, query = "") {
  const answer = await fetch(`${server.url}/v1/jobs/${id}/archive${query}`);
  expect(answer.status).toBe(200);
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
  const manifest = JSON.parse(Buffer.from(files["manifest.json"]!).toString());
  return {
    names: Object.keys(files).sort(),
    manifest,
    read: (name: string) => Buffer.from(files[name]!).toString(),
  };
}

type Step = z.output<typeof item>["steps"][number];
const namesOf = (steps: Step[]) => steps.map(({ name, outputs }) => [name, outputs.map((file) => file.name)]);

test("every file that a step wrote is a result of its item, or of the job", async () => {
  failing.add("a.txt");
  const job = await run("papers", [
    ["a.txt", "one"],
    ["b.txt", "two"],
  ]);
  expect(job).toMatchObject({ state: "succeeded", result: { report: { name: "steps" } } });
  expect(job.outputs.map((file) => file.name)).toEqual(["report.csv", "steps"]);
  expect(namesOf(job.steps)).toEqual([
    ["gather", ["report.csv"]],
    ["publish", ["steps"]],
  ]);
  const [a, b] = job.items;
  for (const { steps } of [a!, b!]) {
    expect(namesOf(steps)).toEqual([
      ["read", ["page.txt"]],
      ["mark", ["page.txt"]],
    ]);
  }
  expect(a!.steps[0]).toMatchObject({ state: "succeeded", attempt: 1, cached: false, error: null });
  expect(a!.steps[1]).toMatchObject({ attempt: 2, result: { by: "read" }, warnings: [{ code: "faint" }] });
  expect(Date.parse(a!.steps[0]!.startedAt!)).toBeLessThanOrEqual(Date.parse(a!.steps[1]!.startedAt!));
  expect(b!.steps[1]).toMatchObject({ attempt: 1 });
  expect(a!.outputs).toEqual(a!.steps[1]!.outputs);

  const listed = await get<{ items: unknown[] }>("/v1/jobs?limit=1");
  expect(listed.items[0]).toMatchObject({ id: job.id, outputs: [], steps: [] });
});

test("a reference to a file within a result is an address", async () => {
  const job = await run("papers", [["c.txt", "three"]]);
  const { page } = (job.items[0]!.steps[0]!.result as { pages: { page: { artifactId: string } }[] })
    .pages[0]!;
  const { report } = job.result as { report: { artifactId: string } };
  const read = async ({ artifactId }: { artifactId: string }) =>
    (await fetch(`${server.url}/v1/artifacts/${artifactId}`)).text();
  expect(await read(page)).toBe("page of c.txt");
  expect(await read(report)).toBe("the summary");
});

test("the archive holds what the last steps wrote, and all of it when it is asked for", async () => {
  const job = await run("papers", [
    ["a.txt", "one"],
    ["b.txt", "two"],
  ]);
  const results = await archive(job.id);
  expect(results.names).toEqual(["manifest.json", "page (2).txt", "page.txt", "report.csv", "steps (2)"]);
  expect(results.manifest.items[0]).toMatchObject({ outputs: [{ name: "page.txt", step: "mark" }] });
  expect(results.manifest.items[0].steps[0]).not.toHaveProperty("outputs");

  const all = await archive(job.id, "?include=all");
  expect(all.names).toEqual([...results.names, "steps/read/page (2).txt", "steps/read/page.txt"].sort());
  expect(all.read("page.txt")).toBe("marked a.txt");
  const [a, b] = all.manifest.items;
  expect(a.steps).toMatchObject([
    { step: "read", outputs: [{ name: "steps/read/page.txt", step: "read" }] },
    { step: "mark", outputs: [{ name: "page.txt", step: "mark" }] },
  ]);
  expect(all.read(b.steps[0].outputs[0].name)).toBe("page of b.txt");
  expect(all.manifest.job.outputs).toMatchObject([
    { name: "report.csv", step: "gather" },
    { name: "steps (2)", step: "publish" },
  ]);
  const wrong = await fetch(`${server.url}/v1/jobs/${job.id}/archive?include=some`);
  expect(wrong.status).toBe(400);
});

test("parts keep what their steps wrote, and the archive has it, too", async () => {
  const job = await run("words", [["a.txt", "one bad three"]]);
  expect(namesOf(job.items[0]!.steps)).toEqual([
    ["cut", []],
    ["glue", ["all.txt"]],
  ]);
  const parts = pageOf(part).parse(await get(`/v1/jobs/${job.id}/items/0/parts`));
  expect(parts.items.map(({ steps }) => namesOf(steps))).toEqual([
    [["shout", ["word.txt"]]],
    [["shout", []]],
    [["shout", ["word.txt"]]],
  ]);
  expect(parts.items[1]!.steps[0]).toMatchObject({ state: "failed", error: { code: "step_failed" } });
  expect((await archive(job.id)).names).toEqual(["all.txt", "manifest.json"]);
  const all = await archive(job.id, "?include=all");
  expect(all.names).toEqual(["all.txt", "manifest.json", "steps/shout/word (2).txt", "steps/shout/word.txt"]);
  expect(all.manifest.items[0].parts).toMatchObject([
    { index: 0, data: "one", state: "succeeded", outputs: [{ name: "steps/shout/word.txt", step: "shout" }] },
    { index: 1, data: "bad", state: "failed", outputs: [], error: { code: "step_failed" } },
    { index: 2, outputs: [{ name: "steps/shout/word (2).txt" }] },
  ]);
  expect(all.read("steps/shout/word (2).txt")).toBe("THREE");
});

interface Attempt {
  taskId: string;
  index: number | null;
  part: number | null;
  step: string;
  attempt: number;
  run: number;
  outcome: string;
  worker: string | null;
  startedAt: string | null;
  ms: number;
  error: { code: string; message: string; detail?: string } | null;
}
interface Timeline {
  items: Attempt[];
  nextCursor: string | null;
}

test("an operator sees each attempt with its stack trace, and a client sees neither", async () => {
  failing.add("mended.txt");
  const job = await run("papers", [
    ["dead.txt", "one"],
    ["mended.txt", "two"],
  ]);
  const timeline = await get<Timeline>(`/v1/admin/jobs/${job.id}/timeline`);
  const told = timeline.items.map(({ index, step, attempt, outcome }) => [index, step, attempt, outcome]);
  expect(told).toEqual([
    [null, "gather", 1, "succeeded"],
    [null, "publish", 1, "succeeded"],
    [0, "read", 1, "succeeded"],
    [0, "mark", 1, "failed"],
    [0, "mark", 2, "failed"],
    [1, "read", 1, "succeeded"],
    [1, "mark", 1, "failed"],
    [1, "mark", 2, "succeeded"],
  ]);
  const workers = await get<{ items: { id: string }[] }>("/v1/admin/workers");
  for (const { worker, startedAt, ms } of timeline.items) {
    expect(worker).toBe(workers.items[0]!.id);
    expect(Date.parse(startedAt!)).toBeGreaterThan(Date.now() - 60_000);
    expect(ms).toBeGreaterThanOrEqual(0);
  }
  const { error } = timeline.items[3]!;
  expect(error!.detail).toMatch(/TypeError: Cannot read the secret[\s\S]*at confused .*steps\.test\.ts/);
  expect(error!.detail).toContain("deeper");

  const letters = await get<{ items: { error: Attempt["error"] }[] }>(
    `/v1/admin/dead-letters?jobId=${job.id}`,
  );
  expect(letters.items[0]!.error!.detail).toMatch(/at confused/);
  expect(server.log.some((line) => /at confused/.test(line))).toBe(true);

  const seen = JSON.stringify([job, await get(`/v1/jobs/${job.id}/items`)]);
  expect(seen).toMatch(/the cause under \w+, in/);
  expect(seen).not.toMatch(/confused|secret/);
  const { manifest } = await archive(job.id, "?include=all");
  expect(JSON.stringify(manifest)).not.toMatch(/confused|secret/);
});

test("the timeline of one item, or of a part, page by page", async () => {
  const job = await run("words", [["a.txt", "one bad three"]]);
  const at = (query: string) => get<Timeline>(`/v1/admin/jobs/${job.id}/timeline${query}`);
  const steps = ({ items }: Timeline) => items.map(({ part, step, outcome }) => [part, step, outcome]);
  expect(steps(await at(""))).toEqual([
    [null, "cut", "succeeded"],
    [null, "glue", "succeeded"],
  ]);
  const first = await at("?index=0&limit=2");
  expect(steps(first)).toEqual(steps(await at("")));
  const second = await at(`?index=0&limit=2&cursor=${first.nextCursor}`);
  expect(steps(second)).toEqual([
    [0, "shout", "succeeded"],
    [1, "shout", "failed"],
  ]);
  const third = await at(`?index=0&limit=2&cursor=${second.nextCursor}`);
  expect([steps(third), third.nextCursor]).toEqual([[[2, "shout", "succeeded"]], null]);
  const one = await at("?index=0&part=1");
  expect(one.items).toMatchObject([
    { part: 1, outcome: "failed", error: { detail: expect.stringMatching(/confused/) } },
  ]);
  for (const path of [`/v1/admin/jobs/${job.id}/timeline?index=7`, "/v1/admin/jobs/nope/timeline"]) {
    expect((await fetch(server.url + path)).status).toBe(404);
  }
});
