import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { createClient } from "../../src/client/index.ts";
import { fileOption } from "../../src/pipeline/file-option.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { createJob, ended, form, type JobJson, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const run = promisify(execFile);

/** Says what options it has, where it runs: at an item, at its parts, at their join and at the whole job. */
const sign = definePipeline({
  name: "sign",
  version: 1,
  title: "Sign",
  accepts: { mediaTypes: ["text/plain"], maxFiles: 20 },
  options: z.strictObject({
    by: z.string().default("nobody"),
    size: z.int().min(1).max(9).optional(),
    seal: z
      .strictObject({ image: fileOption("The seal").optional(), color: z.string().optional() })
      .optional(),
  }),
})
  .each("sign", async (ctx) => {
    const { by, size = 0, seal } = ctx.options;
    const image = seal?.image ? (await ctx.read(seal.image)).toString() : "";
    return `${by} ${size} ${seal?.color ?? ""} ${image}`.trim();
  })
  .split("cut", (ctx) => [{ data: ctx.previous }, { data: "x" }])
  .each("part", (ctx) => `${ctx.options.by}/${ctx.part.data}`)
  .join("glue", async (ctx) => {
    const parts: string[] = [];
    for await (const { result } of ctx.parts) parts.push(String(result));
    return `${ctx.options.by}: ${parts.join(", ")}`;
  })
  .all("tell", (ctx) => ctx.options.by);

/** The same bytes with the same options are signed once. */
const once = definePipeline({
  name: "once",
  version: 1,
  title: "Once",
  accepts: { mediaTypes: ["text/plain"], maxFiles: 20 },
  options: z.object({ by: z.string().default("nobody"), seal: fileOption("The seal").optional() }),
}).each("sign", (ctx) => ctx.options.by);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [sign, once] });
});
afterAll(() => server.close());

const results = ({ items }: JobJson) => items.map((item) => (item as { result?: unknown }).result);
const own = ({ items }: JobJson) => items.map((item) => (item as { options?: unknown }).options);
const texts = (...names: string[]) => names.map((name) => [`${name}.txt`, name] as const);

async function made(pipeline: string, ...names: string[]): Promise<string[]> {
  const { id } = await createJob(server.url, form(pipeline, texts(...names)));
  const { items } = await ended(server.url, id);
  return items.map((item) => (item as unknown as { input: { artifactId: string } }).input.artifactId);
}

test("files of a JSON body have options of their own, in all steps up to the join", async () => {
  const [a, b, c] = await made("sign", "a", "b", "c");
  const files = [
    { artifactId: a, options: { by: "ada" } },
    { artifactId: b },
    { artifactId: c, options: { by: null, size: 3 } },
  ];
  const { id } = await createJob(server.url, { pipeline: "sign", options: { by: "eve", size: 2 }, files });
  const job = await ended(server.url, id);
  expect(results(job)).toEqual([
    "ada: ada/ada 2, ada/x",
    "eve: eve/eve 2, eve/x",
    "nobody: nobody/nobody 3, nobody/x",
  ]);
  expect(own(job)).toEqual([{ by: "ada", size: 2 }, null, { by: "nobody", size: 3 }]);
  expect(job).toMatchObject({ options: { by: "eve", size: 2 }, result: "eve" });
});

test("the archive's manifest has the options of each file", async () => {
  const own = [{ by: "ada" }, null];
  const body = form("sign", texts("a", "b"), { fileOptions: JSON.stringify(own) });
  const { id } = await createJob(server.url, body);
  await ended(server.url, id);
  const folder = await mkdtemp(join(tmpdir(), "millrace-own-"));
  try {
    const path = join(folder, "all.zip");
    const archive = await fetch(`${server.url}/v1/jobs/${id}/archive`);
    await writeFile(path, Buffer.from(await archive.arrayBuffer()));
    const { stdout } = await run("unzip", ["-p", path, "manifest.json"]);
    const manifest = JSON.parse(stdout) as { items: { options: unknown }[] };
    expect(manifest.items.map(({ options }) => options)).toEqual([{ by: "ada" }, { by: "nobody" }]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a form has them in a list, and references among its files in themselves", async () => {
  const [a] = await made("sign", "a");
  const body = form("sign", texts("b", "c"), {
    options: '{"by":"eve"}',
    fileOptions: '[null,{"by":"ben"}]',
  });
  body.append("files", JSON.stringify([{ artifactId: a, options: { by: "ada" } }]));
  const job = await ended(server.url, (await createJob(server.url, body)).id);
  expect(own(job)).toEqual([null, { by: "ben" }, { by: "ada" }]);

  const twice = form("sign", [], { fileOptions: '[{"by":"ben"}]' });
  twice.append("files", JSON.stringify([{ artifactId: a, options: { by: "ada" } }]));
  expect(await problemOf(await post(server.url, "/v1/jobs", twice))).toMatchObject({
    code: "invalid_request",
    issues: [{ path: "fileOptions.0" }],
  });
  const more = form("sign", texts("b"), { fileOptions: '[null,{"by":"ben"}]' });
  expect(await problemOf(await post(server.url, "/v1/jobs", more))).toMatchObject({
    code: "invalid_request",
    detail: "fileOptions has 2 entries, but the job has 1 file.",
  });
});

test.each([
  [{ size: 10 }, "files.1.options.size", "It must be at most 9."],
  [{ by: 5 }, "files.1.options.by", "It must be text."],
  [{ loud: true }, "files.1.options", 'There is no field named "loud" here.'],
])("options that do not fit name the file: %j", async (options, path, message) => {
  const body = form("sign", texts("a", "b"), { fileOptions: JSON.stringify([null, options]) });
  expect(await problemOf(await post(server.url, "/v1/jobs", body))).toMatchObject({
    status: 422,
    code: "invalid_options",
    detail: `The options of "b.txt" are not valid. ${path}: ${message}`,
    issues: [{ path, message }],
  });
});

test("an option that is a file belongs to all, unless a file's own options take it away or name another", async () => {
  const [seal] = await made("sign", "own seal");
  const body = form("sign", texts("a", "b", "c"), {
    options: '{"by":"eve","seal":{"color":"red"}}',
    fileOptions: JSON.stringify([null, { seal: null }, { seal: { image: { artifactId: seal } } }]),
  });
  body.append("seal.image", new Blob(["common seal"]), "seal.txt");
  const job = await ended(server.url, (await createJob(server.url, body)).id);
  const signed = (job.items as unknown as { steps: { result: unknown }[] }[]).map(
    ({ steps }) => steps[0]!.result,
  );
  expect(signed).toEqual(["eve 0 red common seal", "eve 0", "eve 0 red own seal"]);
});

test("results are shared with jobs that have these options for all files", async () => {
  await ended(
    server.url,
    (await createJob(server.url, form("once", texts("x"), { options: '{"by":"ada"}' }))).id,
  );
  const body = form("once", texts("x"), { options: '{"by":"eve"}', fileOptions: '[{"by":"ada"}]' });
  const job = await ended(server.url, (await createJob(server.url, body)).id);
  expect(job.items).toMatchObject([{ cached: true, result: "ada", options: { by: "ada" } }]);
  const other = form("once", texts("x"), { options: '{"by":"ada"}', fileOptions: '[{"by":"eve"}]' });
  const computed = await ended(server.url, (await createJob(server.url, other)).id);
  expect(computed.items).toMatchObject([{ cached: false, result: "eve" }]);
});

test("a quote looks them up, and the same key with other ones is refused", async () => {
  await ended(
    server.url,
    (await createJob(server.url, form("once", texts("q"), { options: '{"by":"ada"}' }))).id,
  );
  const body = () => form("once", texts("q"), { fileOptions: '[{"by":"ada"}]' });
  const quote = await (await post(server.url, "/v1/jobs/quote", body())).json();
  expect(quote).toMatchObject({ cached: true, cachedItems: 1 });
  const key = { "idempotency-key": `own-${Math.random()}` };
  expect((await post(server.url, "/v1/jobs", body(), key)).status).toBe(202);
  expect((await post(server.url, "/v1/jobs", body(), key)).headers.get("idempotency-replayed")).toBe("true");
  const changed = form("once", texts("q"), { fileOptions: '[{"by":"ben"}]' });
  expect((await problemOf(await post(server.url, "/v1/jobs", changed, key))).code).toBe(
    "idempotency_mismatch",
  );
});

test("own options that come to those of the job are none", async () => {
  const body = form("once", texts("a", "b"), { options: '{"by":"ada"}', fileOptions: '[{"by":"ada"},{}]' });
  const job = await ended(server.url, (await createJob(server.url, body)).id);
  expect(own(job)).toEqual([null, null]);
});

test("a retry and the page of items keep them", async () => {
  const body = form("sign", texts("a"), { fileOptions: '[{"by":"ada"}]' });
  const { id } = await createJob(server.url, body);
  await ended(server.url, id);
  const { items } = (await (await fetch(`${server.url}/v1/jobs/${id}/items`)).json()) as JobJson;
  expect(items).toMatchObject([{ options: { by: "ada" } }]);
});

test("the client sends them, in a form and with uploads", async () => {
  for (const resumableFrom of [8 * 1024 * 1024, 1]) {
    const client = createClient({ url: server.url, resumableFrom });
    const [a] = await made("sign", "a");
    const job = await client.run("sign", {
      options: { by: "eve" },
      files: [
        { name: "b.txt", data: `b ${resumableFrom}`, options: { by: "ben" } },
        new File([`c ${resumableFrom}`], "c.txt"),
        ...(resumableFrom === 1 ? [{ artifactId: a!, options: { by: "ada" } }] : []),
      ],
    });
    expect(job.items.map(({ options }) => options)).toEqual(
      [{ by: "ben" }, null, { by: "ada" }].slice(0, job.items.length),
    );
  }
});
