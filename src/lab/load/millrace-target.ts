import { Agent, request } from "undici";
import type { Scenario } from "./scenarios.ts";
import { type Answer, type Target, unsuccessful } from "./target.ts";
import type { Address } from "./this-machine.ts";
import { uniqueCopy } from "./unique-copy.ts";

export interface MillraceTargetOptions {
  url: URL;
  /** Checked addresses of the host, used for connections. */
  addresses: readonly Address[];
  headers: Record<string, string>;
  scenarios: ReadonlyMap<string, Scenario>;
  /** Makes files unique, so that earlier runs have not filled the cache. */
  run: string;
  /** Whether to wait for results. */
  follow: boolean;
}

/** A Millrace server, accessed through separate connections. */
export interface MillraceTarget extends Target {
  /** Calls an endpoint that does nothing. */
  idle(signal: AbortSignal): Promise<void>;
  /** Number of results from the cache, which measure no work. */
  cached(): number;
  close(): Promise<void>;
}

/** Maximum time for the server to hold a poll. It answers earlier if the job ends. */
const LOOK_SECONDS = 20;
const DETAIL_CHARACTERS = 200;

interface JobBody {
  id: string;
  state: string;
  startedAt: string | null;
  finishedAt: string | null;
  progress: { cached: number };
  items: { error: { message: string } | null }[];
}

export function millraceTarget(options: MillraceTargetOptions): MillraceTarget {
  const { url, scenarios, follow } = options;
  const base = url.href.replace(/\/+$/, "");
  const agent = new Agent({ connect: { lookup: pinned(options.addresses) } });
  let cached = 0;

  async function ask(path: string, signal: AbortSignal, body?: { type: string; bytes: Buffer }) {
    const answer = await request(base + path, {
      method: body ? "POST" : "GET",
      headers: { ...options.headers, ...(body && { "content-type": body.type }) },
      body: body?.bytes ?? null,
      dispatcher: agent,
      signal,
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function look(job: string, signal: AbortSignal): Promise<Answer> {
    const { status, text } = await ask(`/v1/jobs/${job}?wait=${LOOK_SECONDS}`, signal);
    if (status !== 200) return unsuccessful(status, detailOf(text));
    const { state, startedAt, finishedAt, progress, items } = JSON.parse(text) as JobBody;
    if (finishedAt === null) return { kind: "pending", status };
    if (state !== "succeeded") {
      const message = items.find(({ error }) => error)?.error?.message ?? `the job is ${state}`;
      return { kind: "failed", status, detail: message.slice(0, DETAIL_CHARACTERS) };
    }
    if (progress.cached > 0) cached++;
    const time = (text: string | null) => (text === null ? null : Date.parse(text));
    return { kind: "done", status, right: true, startedAt: time(startedAt), endedAt: time(finishedAt) };
  }

  return {
    async send({ id, scenario, signal }) {
      const wanted = scenarios.get(scenario ?? "");
      if (!wanted) throw new Error(`unknown scenario "${scenario}"`);
      const { status, text } = await ask("/v1/jobs", signal, formOf(wanted, `${options.run}-${id}`));
      if (status !== 202) return unsuccessful(status, detailOf(text));
      return { kind: "accepted", status, job: (JSON.parse(text) as JobBody).id };
    },
    ...(follow && { look }),
    async idle(signal) {
      const { status } = await ask("/healthz", signal);
      if (status !== 200) throw new Error(`/healthz returned ${status}`);
    },
    cached: () => cached,
    close: () => agent.destroy(),
  };
}

/** Encodes a form like browsers do. */
function formOf({ pipeline, options, files }: Scenario, unique: string): { type: string; bytes: Buffer } {
  const boundary = `millrace-load-${unique}`;
  const part = (name: string, content: string | Buffer, file?: string) => [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"`),
    // Escape quotes and line breaks in names like browsers do.
    Buffer.from(file === undefined ? "" : `; filename="${file.replace(/["\r\n]/g, encodeURIComponent)}"`),
    Buffer.from("\r\n\r\n"),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ];
  const parts = [
    ...part("pipeline", pipeline),
    ...part("options", JSON.stringify(options)),
    ...files.flatMap(({ name, data }) => part("files", uniqueCopy(data, unique) ?? data, name)),
    Buffer.from(`--${boundary}--\r\n`),
  ];
  return { type: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(parts) };
}

function detailOf(text: string): string {
  try {
    const { code, detail } = JSON.parse(text) as { code?: string; detail?: string };
    return [code, detail].filter(Boolean).join(": ").slice(0, DETAIL_CHARACTERS);
  } catch {
    return text.slice(0, DETAIL_CHARACTERS);
  }
}

/** Resolves the host to the checked addresses. */
function pinned(addresses: readonly Address[]) {
  type Done = (error: Error | null, address: string | Address[], family?: number) => void;
  return (_host: string, { all }: { all?: boolean }, done: Done) => {
    if (all) done(null, [...addresses]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
}
