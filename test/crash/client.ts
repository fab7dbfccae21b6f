import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What the client was promised, recorded by the client itself. */
export interface Account {
  /** Jobs answered with 202, with their number of items. */
  accepted: Map<string, number>;
  /** Jobs of one split item, with the number of its parts. */
  split: Map<string, number>;
  /** Number of requests without an answer, or with a different one. */
  refused: number;
}

const PATIENCE_MS = 180_000;

/** How long to retry a download while no process answers. */
const DOWNLOAD_MS = 30_000;

/** A random API process, chosen again for each attempt. */
export function anyOf(urls: readonly string[]): string {
  return urls[Math.floor(Math.random() * urls.length)]!;
}

interface Asked {
  method?: string;
  headers?: { [name: string]: string };
  body?: Buffer;
  signal: AbortSignal;
}

/**
 * Sends a request; the response body is still to be read. Does not use `fetch`: among thousands of responses cut off
 * by a crash or timeout, one would end the process with an uncatchable error (undici of Node 24).
 */
function ask(url: string, { body, ...options }: Asked): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, options, resolve).once("error", reject).end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
}

/** Submits one job of `items` tiny files. */
export async function submit(
  urls: readonly string[],
  account: Account,
  items: number,
  options: object,
): Promise<void> {
  const id = await create(urls, account, { pipeline: "crash.test", files: items, options });
  account.accepted.set(id, items);
}

/** Submits one job whose item is split into `parts` parts. */
export async function submitSplit(
  urls: readonly string[],
  account: Account,
  options: { parts: number; ms: number },
): Promise<void> {
  const id = await create(urls, account, { pipeline: "crash.split", files: 1, options });
  account.split.set(id, options.parts);
}

/** Creates a job and returns its id. Repeats a request cut off by a crash with the same idempotency key. */
async function create(
  urls: readonly string[],
  account: Account,
  { pipeline, files, options }: { pipeline: string; files: number; options: object },
): Promise<string> {
  const key = crypto.randomUUID();
  let lastRefusal = "";
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const form = new FormData();
    form.set("pipeline", pipeline);
    form.set("options", JSON.stringify(options));
    for (let n = 0; n < files; n++) form.append("files", new Blob([`${key} ${n}`]), `${n}.txt`);
    const encoded = new Response(form);
    try {
      const response = await ask(`${anyOf(urls)}/v1/jobs`, {
        method: "POST",
        body: Buffer.from(await encoded.arrayBuffer()),
        headers: { "idempotency-key": key, "content-type": encoded.headers.get("content-type")! },
        signal: AbortSignal.timeout(20_000),
      });
      const text = await textOf(response);
      if (response.statusCode === 202) return (JSON.parse(text) as { id: string }).id;
      account.refused++;
      lastRefusal = `${response.statusCode} ${text}`;
    } catch (error) {
      lastRefusal = String((error as Error).cause ?? error);
      account.refused++;
    }
    await sleep(100);
  }
  throw new Error(`No request was accepted within ${PATIENCE_MS / 1_000} s; the last: ${lastRefusal}`);
}

export interface Heard {
  /** Sequence numbers in order of arrival. */
  ids: number[];
  /** How often each end was reported, by `job index`. */
  endings: Map<string, number>;
  /** How many of `endings` belong to jobs. */
  jobs: number;
  reconnects: number;
  /** Jobs that steps started, by id: how often their creation and their end were reported. */
  children: Map<string, { created: number; ended: number }>;
}

/** Follows the owner's log until aborted, and resumes with `Last-Event-ID` after every interruption. */
export async function listen(urls: readonly string[], heard: Heard, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const last = heard.ids.at(-1) ?? 0;
      const response = await ask(`${anyOf(urls)}/v1/events`, {
        headers: { "last-event-id": String(last) },
        signal,
      });
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) {
        text += chunk;
        const frames = text.split("\n\n");
        text = frames.pop()!;
        for (const frame of frames) hear(frame, heard);
      }
    } catch {
      // Disconnected: reconnects below.
    }
    heard.reconnects++;
    await sleep(50);
  }
}

function hear(frame: string, heard: Heard): void {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(frame)?.[1];
  const id = field("id");
  const type = field("event");
  if (id === undefined || type === undefined) return;
  heard.ids.push(Number(id));
  if (type !== "job.created" && !/succeeded|failed|partial|cancelled/.test(type)) return;
  const told = JSON.parse(field("data")!) as { jobId: string; index?: number; pipeline?: string };
  const { jobId, index } = told;
  if (told.pipeline === "crash.child" && !heard.children.has(jobId))
    heard.children.set(jobId, { created: 0, ended: 0 });
  const child = heard.children.get(jobId);
  if (child) {
    if (type === "job.created") child.created++;
    else if (index === undefined) child.ended++;
  }
  if (child || type === "job.created") return;
  const key = `${jobId} ${index ?? "job"}`;
  if (index === undefined && !heard.endings.has(key)) heard.jobs++;
  heard.endings.set(key, (heard.endings.get(key) ?? 0) + 1);
}

export interface JobAnswer {
  state: string;
  result: { tokens: [index: number, token: string][]; failures: number[] } | null;
  children: { jobId: string }[];
  progress: { total: number; done: number; failed: number };
  items: {
    index: number;
    state: string;
    result: string | null;
    error: { message: string } | null;
    outputs: { artifactId: string; name: string; sha256: string }[];
  }[];
}

/** The outcome of every accepted job; `null` if it is missing. Gives up if none has ended for `ms`. */
export async function outcomes(
  urls: readonly string[],
  jobs: Iterable<string>,
  ms: number,
): Promise<Map<string, JobAnswer | null>> {
  const results = new Map<string, JobAnswer | null>();
  let deadline = Date.now() + ms;
  for (const id of jobs) {
    for (;;) {
      const late = Date.now() > deadline;
      try {
        const response = await ask(`${anyOf(urls)}/v1/jobs/${id}?wait=${late ? 0 : 20}`, {
          signal: AbortSignal.timeout(30_000),
        });
        const text = await textOf(response);
        if (response.statusCode === 200 || response.statusCode === 404) {
          const job = response.statusCode === 200 ? (JSON.parse(text) as JobAnswer) : null;
          const open = job?.state === "queued" || job?.state === "running";
          if (!open || late) {
            results.set(id, job);
            if (!late) deadline = Date.now() + ms;
            break;
          }
        }
      } catch {
        // An API process was killed; another one will answer.
      }
      if (late) break;
      await sleep(50);
    }
  }
  return results;
}

/** How often the end of each job is in the list of notifications. */
export async function notified(urls: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (let cursor = ""; ; ) {
    const path = `/v1/notifications?limit=100${cursor && `&cursor=${cursor}`}`;
    const page = JSON.parse(
      await textOf(await ask(anyOf(urls) + path, { signal: AbortSignal.timeout(20_000) })),
    ) as {
      items: { id: string; kind: string; jobId: string | null }[];
      nextCursor: string | null;
    };
    for (const { kind, jobId } of page.items) {
      if (jobId === null || !kind.startsWith("job.")) continue;
      found.set(jobId, (found.get(jobId) ?? 0) + 1);
    }
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
}

/** Downloads a result as text. Gives a killed API process time to come back. */
export async function download(urls: readonly string[], artifactId: string): Promise<string> {
  for (const deadline = Date.now() + DOWNLOAD_MS; ; ) {
    try {
      const response = await ask(`${anyOf(urls)}/v1/artifacts/${artifactId}`, {
        signal: AbortSignal.timeout(20_000),
      });
      const text = await textOf(response);
      return response.statusCode === 200 ? text : `${response.statusCode}`;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await sleep(50);
  }
}
