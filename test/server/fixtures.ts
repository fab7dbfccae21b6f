import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { fileOption } from "../../src/pipeline/file-option.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";

/** Copies its files; its options make it slow, failing, or give outputs odd names. */
export const copy = definePipeline({
  name: "copy",
  version: 1,
  title: "Copy",
  accepts: {
    mediaTypes: ["text/plain", "image/png", "image/svg+xml"],
    maxFiles: 5,
    maxFileBytes: 3 * 1024 * 1024,
  },
  options: z.object({
    ms: z.number().min(0).default(0).describe("How long each file takes."),
    warn: z.string().optional().describe("Said of each file, with its name."),
    fail: z.string().optional().describe("Files with this in their name fail, until it is repaired."),
    rename: z.string().optional().describe("Name of what is written."),
    stamp: z.object({ image: fileOption("What is put on it.") }).optional(),
    extras: z.record(z.string(), fileOption("Kept beside it.")).optional(),
  }),
}).each(
  "copy",
  async (ctx) => {
    ctx.progress(0.5, "half");
    await sleep(ctx.options.ms, undefined, { signal: ctx.signal });
    if (ctx.options.fail && ctx.name.includes(ctx.options.fail) && !repaired.has(ctx.options.fail)) {
      throw new PermanentError("undecodable_file", "It is broken.");
    }
    if (ctx.options.warn) ctx.warn("copied", `${ctx.options.warn} ${ctx.name}`);
    const stamp = ctx.options.stamp ? await ctx.read(ctx.options.stamp.image) : Buffer.alloc(0);
    await ctx.write({
      name: ctx.options.rename ?? ctx.name,
      data: Buffer.concat([await ctx.read(ctx.file), stamp]),
      mediaType: ctx.file.mediaType,
    });
    return { bytes: ctx.file.bytes };
  },
  { cache: "never", concurrency: 4 },
);

/** Writes what it read twice, once under a name derived from the file's, and caches it. */
export const rename = definePipeline({
  name: "rename",
  version: 1,
  title: "Rename",
  accepts: { mediaTypes: ["text/plain"] },
}).each("rename", async (ctx) => {
  const data = await ctx.read(ctx.file);
  await ctx.write({ extension: "md", data, mediaType: "text/markdown" });
  await ctx.write({ extension: "md", suffix: "-2", data, mediaType: "text/markdown" });
});

/** Accepts no files. */
export const count = definePipeline({
  name: "count",
  version: 1,
  title: "Count",
  options: z.object({ to: z.number().int().min(1).max(1_000) }),
  queueLimit: 3,
}).each("count", (ctx) => ctx.options.to, { cache: "never" });

/** Files whose problem has been fixed, so that a retry succeeds. */
export const repaired = new Set<string>();

export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export interface JobJson {
  id: string;
  state: string;
  progress: { total: number; done: number; failed: number };
  items: {
    index: number;
    name: string;
    state: string;
    cached: boolean;
    outputs: { artifactId: string; name: string }[];
    error: unknown;
  }[];
  metadata: Record<string, string>;
  [more: string]: unknown;
}

export interface ProblemJson {
  code: string;
  status: number;
  detail: string;
  [more: string]: unknown;
}

export function form(
  pipeline: string,
  files: readonly (readonly [name: string, content: string | Buffer])[],
  fields: Record<string, string> = {},
): FormData {
  const data = new FormData();
  data.set("pipeline", pipeline);
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const [name, content] of files)
    data.append("files", new Blob([typeof content === "string" ? content : new Uint8Array(content)]), name);
  return data;
}

export async function post(
  url: string,
  path: string,
  body: FormData | object,
  headers: Record<string, string> = {},
) {
  const isForm = body instanceof FormData;
  return fetch(url + path, {
    method: "POST",
    body: isForm ? body : JSON.stringify(body),
    headers: isForm ? headers : { "content-type": "application/json", ...headers },
  });
}

export async function createJob(url: string, body: FormData | object): Promise<JobJson> {
  const response = await post(url, "/v1/jobs", body);
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as JobJson;
}

/** Patience for a job on a slow machine. */
const ENDED_MS = 100_000;

export async function ended(url: string, id: string): Promise<JobJson> {
  const deadline = performance.now() + ENDED_MS;
  for (;;) {
    const job = (await (await fetch(`${url}/v1/jobs/${id}?wait=20`)).json()) as JobJson;
    const isOpen = ["queued", "running"].includes(job.state);
    if (!isOpen || performance.now() > deadline) return job;
  }
}

export async function problemOf(response: Response): Promise<ProblemJson> {
  const type = response.headers.get("content-type");
  if (type !== "application/problem+json")
    throw new Error(`${response.status} ${type}: ${await response.text()}`);
  return (await response.json()) as ProblemJson;
}
