import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf, freePort, startMillrace } from "../crash/processes.ts";

/** Numbers default to 0. */
export interface Sizes {
  /** One job with this many results of nearly 4 MB. */
  longest: number;
  /** One job with this many results of 1 MB, which is downloaded. */
  many: number;
  /** Jobs with this many items, some of which fail; they are retried, canceled, and removed. */
  items: number;
  /** Number of jobs of 50 results of 1 MB, one after the other. */
  jobs: number;
}

/** What was measured in one part. */
export interface Seen {
  part: string;
  seconds: number;
  /** Peak memory of a process of each role since it started, in MiB. The supervisor includes the writer. */
  peakMiB: Record<string, number>;
}

interface Job {
  id: string;
  state: string;
  finishedAt: string | null;
  result: { items: number; characters: number; failures: number } | null;
}

type Part = (name: string, run: () => Promise<void>) => Promise<void>;

/** Runs jobs with large results on a separate Millrace with two workers, and reports the cost of each part. */
export async function largeResults(sizes: Sizes, tell: (seen: Seen) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-large-"));
  const millrace = await startMillrace({
    port: await freePort(),
    args: [
      ...["--data", join(folder, "data"), "--workers", "2"],
      ...["--pipelines", join(import.meta.dirname, "pipeline.ts")],
    ],
  });
  const client = new Client(millrace.url);
  const part: Part = async (name, run) => {
    const began = performance.now();
    await run();
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    tell({ part: name, seconds, peakMiB: peaksOf(millrace.child.pid!) });
  };
  try {
    if (sizes.longest > 0) await longest(client, part, sizes.longest);
    if (sizes.many > 0) await many(client, part, sizes.many);
    if (sizes.items > 0) await changed(client, part, sizes.items);
    if (sizes.jobs > 0) {
      await part(`${sizes.jobs} jobs of 50 results of 1 MB, each removed`, async () => {
        for (let n = 0; n < sizes.jobs; n++) await client.remove(await client.fanIn(50, 1_000_000));
      });
    }
  } finally {
    await millrace.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function longest(client: Client, part: Part, items: number): Promise<void> {
  let id = "";
  await part(`${items} results of 3.9 MB and a fan-in`, async () => {
    id = await client.fanIn(items, 3_900_000);
  });
  await part("removed", () => client.remove(id));
}

async function many(client: Client, part: Part, items: number): Promise<void> {
  let id = "";
  await part(`${items} results of 1 MB and a fan-in`, async () => {
    id = await client.fanIn(items, 1_000_000);
  });
  await part("downloaded", async () => {
    const bytes = await client.download(id);
    if (bytes < items * 1_000_000) throw new Error(`The archive has ${bytes} bytes.`);
  });
  await part("removed", () => client.remove(id));
}

/** Jobs whose results are as long as the records of this many items. */
async function changed(client: Client, part: Part, items: number): Promise<void> {
  const bytes = 3_000;
  let id = "";
  const succeeded = Math.floor(items / 2);
  const failures = items - succeeded;
  await part(`${items} items, every second of which fails`, async () => {
    id = await client.submit(items, { bytes, failEvery: 2 });
    const result = { items: succeeded, characters: succeeded * (bytes - 2), failures };
    check(await client.ended(id), "partial", result);
  });
  await part("retried", async () => {
    await client.ask("POST", `/jobs/${id}/retry`);
    if ((await client.ended(id)).state !== "partial") throw new Error("The job did not fail again.");
  });
  await part("removed", () => client.remove(id));
  await part(`${items} items, canceled and removed`, async () => {
    id = await client.submit(items, { ms: 60_000 });
    await client.ask("POST", `/jobs/${id}/cancel`);
    check(await client.ended(id), "cancelled", null);
    await client.remove(id);
  });
}

class Client {
  readonly #url: string;
  /** A file that all jobs read. */
  #artifactId = "";

  constructor(url: string) {
    this.#url = url;
  }

  async ask(method: string, path: string, body?: FormData | object): Promise<Response> {
    const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const sent = body instanceof FormData ? { body } : body && json;
    const response = await fetch(`${this.#url}/v1${path}`, { method, ...sent });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async submit(items: number, options: object): Promise<string> {
    if (this.#artifactId === "") {
      const form = new FormData();
      form.set("pipeline", "large");
      form.append("files", new Blob(["a"]), "a.txt");
      const job = (await (await this.ask("POST", "/jobs", form)).json()) as Job;
      this.#artifactId = `${job.id}.0.in`;
    }
    const files = Array.from({ length: items }, () => ({ artifactId: this.#artifactId }));
    return ((await (await this.ask("POST", "/jobs", { pipeline: "large", options, files })).json()) as Job)
      .id;
  }

  async ended(id: string): Promise<Job> {
    for (;;) {
      const job = (await (await this.ask("GET", `/jobs/${id}?wait=60`)).json()) as Job;
      if (job.finishedAt !== null) return job;
    }
  }

  /** @param bytes size of each result's JSON, including its two quotes */
  async fanIn(items: number, bytes: number): Promise<string> {
    const id = await this.submit(items, { bytes });
    check(await this.ended(id), "succeeded", { items, characters: items * (bytes - 2), failures: 0 });
    return id;
  }

  async download(id: string): Promise<number> {
    const { body } = await this.ask("GET", `/jobs/${id}/archive`);
    let bytes = 0;
    for await (const chunk of body!) bytes += chunk.length;
    return bytes;
  }

  async remove(id: string): Promise<void> {
    await this.ask("DELETE", `/jobs/${id}`);
  }
}

function check(job: Job, state: string, result: Job["result"]): void {
  if (job.state !== state || JSON.stringify(job.result) !== JSON.stringify(result))
    throw new Error(`The job is ${job.state} with ${JSON.stringify(job.result)}.`);
}

function peaksOf(supervisor: number): Record<string, number> {
  const peaks: Record<string, number> = { supervisor: peakOf(supervisor) };
  for (const { pid, role } of childrenOf(supervisor)) peaks[role] = Math.max(peaks[role] ?? 0, peakOf(pid));
  return peaks;
}

function peakOf(pid: number): number {
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024);
}
