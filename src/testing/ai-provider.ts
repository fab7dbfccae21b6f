import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A request as the provider received it. */
export interface ProviderRequest {
  url: string;
  headers: IncomingMessage["headers"];
  body: { [name: string]: unknown };
  at: number;
}

/** How to answer a request. Omitted fields are those of a healthy provider. */
export interface ProviderReply {
  status?: number;
  headers?: { [name: string]: string };
  /** Overrides the usual response body: text as it is, anything else as JSON. */
  body?: unknown;
  text?: string;
  finish?: string;
  /** `null`: the response reports no usage. */
  usage?: { input: number; output: number; cached?: number; reasoning?: number } | null;
  /** For a stream: the pieces of its text, and the ms between them. */
  pieces?: readonly string[];
  everyMs?: number;
  /** Breaks the connection after this many pieces. */
  cutAfter?: number;
  /** Ends the stream properly after the pieces, but without a finish reason. */
  endless?: boolean;
  delayMs?: number;
  /** Breaks the connection instead of responding. */
  drop?: boolean;
}

export interface TestProvider {
  /** Base URL, up to and including the version. */
  readonly openai: string;
  readonly gemini: string;
  readonly requests: ProviderRequest[];
  /** Pieces sent per stream, and whether the client left before the end. */
  readonly streamed: { pieces: number; left: boolean }[];
  /** Answers requests; a test may replace it. */
  reply: (request: ProviderRequest, n: number) => ProviderReply;
  close(): Promise<void>;
}

/** A local provider with OpenAI's chat completions, embeddings and images, and Gemini's API. */
export async function startProvider(): Promise<TestProvider> {
  const requests: ProviderRequest[] = [];
  const streamed: TestProvider["streamed"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      void bodyOf(Buffer.concat(chunks), request.headers["content-type"])
        .then((body) => {
          const got = { url: request.url!, headers: request.headers, body, at: performance.now() };
          requests.push(got);
          return answer(provider.reply(got, requests.length - 1), got, response, streamed);
        })
        .catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: TestProvider = {
    openai: `${base}/v1`,
    gemini: `${base}/v1beta`,
    requests,
    streamed,
    reply: () => ({}),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

/** JSON, or the fields of a form; for a file, its type and size. */
async function bodyOf(bytes: Buffer, type = ""): Promise<ProviderRequest["body"]> {
  if (!type.startsWith("multipart/")) return JSON.parse(bytes.toString() || "{}");
  const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  const shown = (value: string | Blob) =>
    typeof value === "string" ? value : { type: value.type, bytes: value.size };
  return Object.fromEntries([...form].map(([name, value]) => [name, shown(value)]));
}

const TEXT = "An answer.";
const USAGE = { input: 12, output: 5, cached: 0, reasoning: 0 };

async function answer(
  reply: ProviderReply,
  request: ProviderRequest,
  response: ServerResponse,
  streamed: TestProvider["streamed"],
): Promise<void> {
  if (reply.delayMs) await sleep(reply.delayMs);
  if (reply.drop) return void response.destroy();
  const { status = 200, headers = {} } = reply;
  const isGemini = request.url.startsWith("/v1beta");
  const isStream = request.body.stream === true || request.url.includes("streamGenerateContent");
  if (status === 200 && isStream && reply.body === undefined) {
    response.writeHead(200, { "content-type": "text/event-stream", ...headers });
    return stream(reply, isGemini, response, streamed);
  }
  const body = reply.body ?? (isGemini ? geminiBody(reply) : openAiBody(reply, request));
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function openAiBody(reply: ProviderReply, { url, body }: ProviderRequest): unknown {
  const usage = reply.usage === null ? undefined : openAiUsage({ ...USAGE, ...reply.usage });
  if (url.endsWith("/embeddings")) {
    const data = (body.input as string[]).map((_, index) => ({ index, embedding: [0.5, -0.5, index] }));
    return {
      data,
      ...(usage && { usage: { prompt_tokens: usage.prompt_tokens, total_tokens: usage.prompt_tokens } }),
    };
  }
  if (url.endsWith("/images/generations") || url.endsWith("/images/edits")) {
    return { data: Array.from({ length: Number(body.n ?? 1) }, () => ({ b64_json: PIXEL })) };
  }
  const message = { role: "assistant", content: reply.text ?? TEXT };
  const choices = [{ index: 0, message, finish_reason: reply.finish ?? "stop" }];
  return {
    id: "1",
    object: "chat.completion",
    created: 1,
    model: body.model,
    choices,
    ...(usage && { usage }),
  };
}

function openAiUsage({
  input,
  output,
  cached = 0,
  reasoning = 0,
}: Exclude<ProviderReply["usage"], null | undefined>) {
  return {
    ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function geminiBody(reply: ProviderReply): unknown {
  const { input, output } = { ...USAGE, ...reply.usage };
  const usageMetadata = {
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
  };
  const content = { parts: [{ text: reply.text ?? TEXT }], role: "model" };
  return {
    candidates: [{ content, finishReason: reply.finish ?? "STOP" }],
    ...(reply.usage !== null && { usageMetadata }),
  };
}

async function stream(
  reply: ProviderReply,
  isGemini: boolean,
  response: ServerResponse,
  streamed: TestProvider["streamed"],
): Promise<void> {
  const { pieces = ["An ", "answer", "."], everyMs = 0, cutAfter } = reply;
  const state = { pieces: 0, left: false };
  streamed.push(state);
  let done = false;
  response.on("close", () => {
    state.left = !done;
  });
  const send = (data: unknown) => response.write(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = (choices: unknown[], usage?: unknown) => ({
    ...{ id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices },
    ...(usage !== undefined && { usage }),
  });
  for (const piece of pieces) {
    if (state.pieces === cutAfter) return void response.destroy();
    if (response.destroyed) return;
    if (isGemini) send({ candidates: [{ content: { parts: [{ text: piece }], role: "model" } }] });
    else send(chunk([{ index: 0, delta: { content: piece }, finish_reason: null }]));
    state.pieces++;
    if (everyMs > 0) await sleep(everyMs);
  }
  if (!reply.endless) {
    if (isGemini) send(geminiBody({ ...reply, text: "" }));
    else {
      send(chunk([{ index: 0, delta: {}, finish_reason: reply.finish ?? "stop" }]));
      if (reply.usage !== null) send(chunk([], openAiUsage({ ...USAGE, ...reply.usage })));
      response.write("data: [DONE]\n\n");
    }
  }
  done = true;
  response.end();
}

/** A one-pixel PNG. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
