import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, type Publication } from "../../src/client/index.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { scene } from "../../src/pipelines/image-convert/test-pictures.ts";
import { imageDerive } from "../../src/pipelines/image-derive/index.ts";
import { type Running, start } from "./harness.ts";

const cdn = "https://cdn.example/files";
const publishing = definePipeline({
  name: "publishing",
  version: 1,
  title: "Publishing",
  accepts: { mediaTypes: ["text/plain"] },
}).each("publish", async (ctx) => ctx.publish(await ctx.pass(ctx.file)), { cache: "never" });

/** Must fail: caching would give another job the URL of this job's file. */
const cached = definePipeline({
  ...{ name: "cached", version: 1, title: "Cached", accepts: { mediaTypes: ["text/plain"] } },
}).each("publish", (ctx) => ctx.publish(ctx.file), { attempts: 1 });

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [publishing, cached], env: { MILLRACE_CDN_URL: `${cdn}/` } });
});
afterAll(() => server.close());

const client = () => createClient({ url: server.url });
const text = (content: string) => new File([content], "a.txt");
/** Requests a file as a CDN would. */
const origin = (address: string, init?: RequestInit) => fetch(server.url + address.slice(cdn.length), init);

test("a file has the public address of its content, for ever, until its job is deleted", async () => {
  const content = `public ${Math.random()}`;
  const job = await client().run("publishing", { files: [text(content)] });
  const url = job.items[0]!.result as string;
  expect(url).toBe(`${cdn}/p/${createHash("sha256").update(content).digest("hex")}.txt`);
  const answer = await origin(url);
  expect([answer.status, await answer.text()]).toEqual([200, content]);
  expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("content-disposition")).toContain("attachment");
  const etag = answer.headers.get("etag")!;
  expect((await origin(url, { headers: { "if-none-match": etag } })).status).toBe(304);
  expect((await origin(url.replace(".txt", ".html"))).status).toBe(404);
  expect((await origin(`${cdn}/p/${"0".repeat(64)}.txt`)).status).toBe(404);

  // The same content in another job has the same URL, which stays valid until both jobs are gone.
  const other = await client().run("publishing", { files: [text(content)] });
  expect(other.items[0]!.result).toBe(url);
  await client().remove(job.id);
  expect((await origin(url)).status).toBe(200);
  const page = await client().published({ jobId: other.id });
  expect(page.items).toMatchObject([
    { url, name: "a.txt", jobId: other.id },
  ] satisfies Partial<Publication>[]);
  await client().unpublish(page.items[0]!.id);
  expect((await origin(url)).status).toBe(404);
  await expect(client().unpublish(page.items[0]!.id)).rejects.toMatchObject({ code: "not_found" });
});

test("published files outlive the retention of their job", async () => {
  const job = await client().run("publishing", { files: [text("it lasts")] });
  const url = job.items[0]!.result as string;
  const { store, blobs } = server.engine;
  const later = store.now() + 60 * 24 * 3_600_000;
  await store.expire({ now: later, limit: 100, forgetBefore: 0 });
  for (let keys = [""]; keys.length > 0; ) {
    keys = await store.collect({ now: later, limit: 100 });
    await blobs.remove(keys);
    await store.forget({ keys });
  }
  expect((await client().job(job.id)).state).toBe("expired");
  expect(await (await origin(url)).text()).toBe("it lasts");
  await client().remove(job.id);
  expect((await origin(url)).status).toBe(404);
  expect((await store.collect({ now: later, limit: 100 })).length).toBeGreaterThan(0);
});

test("a step whose result may serve another job publishes nothing", async () => {
  const job = await client().run("cached", { files: [text("cached")] });
  expect(job.items[0]!.error!.code).toBe("step_failed");
  expect((await client().published({ jobId: job.id })).items).toEqual([]);
});

test("image.derive publishes what its HTML names, and finds near-duplicates of earlier jobs while they are there", async () => {
  const run = async (data: Buffer, options: object) => {
    const file = new File([new Uint8Array(data)], "scene.jpg");
    const job = await client().run(imageDerive, {
      files: [file],
      options: { widths: [120], formats: ["webp", "jpeg"], ...options },
    });
    const [item] = job.items;
    if (!item?.result) throw new Error(JSON.stringify(item?.error));
    return { id: job.id, item, result: item.result };
  };
  const first = await run(await scene(640, 400).jpeg().toBuffer(), { publish: true });
  expect(first.item.outputs.map(({ name }) => name)).toEqual(["scene-120.webp", "scene-120.jpg"]);
  const urls = first.result.html.match(/https:[^\s"]+/g)!;
  expect(urls).toHaveLength(3);
  for (const url of urls) {
    const answer = await origin(url);
    expect([answer.status, answer.headers.get("content-type")?.startsWith("image/")]).toEqual([200, true]);
  }
  const mirrored = await scene(640, 400).png().toBuffer();
  const second = await run(mirrored, {});
  expect(second.result.duplicates).toMatchObject([
    { jobId: first.id, artifactId: first.item.input!.artifactId },
  ]);
  // Derived images come from the cache, but the search for duplicates runs again.
  await client().remove(first.id);
  await server.engine.pictures.sweep();
  const known = await server.engine.database.db.selectFrom("pictures").select("job_id").execute();
  expect(known).toEqual([{ job_id: second.id }]);
  const third = await run(mirrored, {});
  expect(third.item.steps.map(({ cached }) => cached)).toEqual([true, false]);
  expect(third.result.duplicates.map(({ jobId }) => jobId)).toEqual([second.id]);
});
