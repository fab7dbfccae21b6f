import type { ModelMessage } from "ai";
import { jsonrepair } from "jsonrepair";
import { MillraceError } from "../errors.ts";
import type { AiEmbedRequest, AiImageRequest, AiRequest, AiUsage } from "../pipeline/ai.ts";
import { textTokens } from "./estimates.ts";
import type { Headers } from "./headers.ts";
import { loadSdk, sdkModels } from "./sdk.ts";
import type { ModelSettings } from "./settings.ts";

export interface Picture {
  data: Uint8Array;
  mediaType: string;
}

/** The result of one request to a provider. */
export interface Came<T> {
  value: T;
  usage: AiUsage;
  headers: Headers;
}

export interface Text {
  text: string;
  finish: "stop" | "length" | "filtered" | "other";
}

export interface Asking {
  signal: AbortSignal;
  /** Estimated input tokens, in case the provider does not report them. */
  inputTokens: number;
}

/** The stream ended without a finish reason. */
export class CutStream extends Error {}

/** Calls a language model through the AI SDK. Never retries, because that is up to the scheduler. */
export async function askText(
  model: ModelSettings,
  request: AiRequest,
  pictures: readonly Picture[],
  { signal, inputTokens }: Asking,
): Promise<Came<Text>> {
  const { generateText } = await loadSdk();
  const answer = await generateText({ ...(await options(model, request, pictures)), abortSignal: signal });
  return {
    value: { text: answer.text, finish: finishOf(answer.finishReason) },
    usage: usageOf(answer.usage, inputTokens, answer.text),
    headers: answer.response.headers ?? {},
  };
}

/**
 * Like `askText`, but streams. An aborted stream reports no usage, so it is estimated from what arrived.
 * @param onText called with each piece
 * @param onEnded called with the usage, also if the stream was cut or aborted
 */
export async function streamText(
  model: ModelSettings,
  request: AiRequest,
  pictures: readonly Picture[],
  asking: Asking & { onText(text: string): void; onEnded(usage: AiUsage): void },
): Promise<Came<Text>> {
  const { streamText: stream } = await loadSdk();
  const { signal, inputTokens } = asking;
  let text = "";
  let usage: AiUsage | null = null;
  let headers: Headers = {};
  let finish: Text["finish"] | null = null;
  // The full stream below throws failures. Without a handler, the SDK also prints them.
  const answer = stream({ ...(await options(model, request, pictures)), abortSignal: signal, onError() {} });
  try {
    // The text stream alone ends silently after a refusal.
    for await (const part of answer.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "abort") throw signal.reason ?? new CutStream("The stream was aborted.");
      if (part.type === "text-delta") {
        text += part.text;
        asking.onText(part.text);
      } else if (part.type === "finish-step") {
        headers = part.response.headers ?? {};
        usage = usageOf(part.usage, inputTokens, text);
        // If the connection is lost, the SDK invents a finish reason. `rawFinishReason` comes from the provider.
        if (part.rawFinishReason !== undefined) finish = finishOf(part.finishReason);
      }
    }
    if (finish === null) throw new CutStream("The provider's stream ended before the answer was complete.");
    return { value: { text, finish }, usage: usage!, headers };
  } finally {
    // Nobody awaits these, and they reject after an abort.
    for (const promise of [answer.usage, answer.finishReason]) Promise.resolve(promise).catch(() => {});
    if (text !== "" || usage || signal.aborted) asking.onEnded(finish ? usage! : reckoned(inputTokens, text));
  }
}

/** A value, or why there is none. Its tokens are paid for either way. */
export type Value = { value: unknown; repaired: boolean } | { error: MillraceError };

/** Asks for an object that matches a schema. Repairs malformed JSON before anyone pays for another answer. */
export async function askObject(
  model: ModelSettings,
  { request, name, schema }: { request: AiRequest; name: string; schema: { [key: string]: unknown } },
  pictures: readonly Picture[],
  { signal, inputTokens }: Asking,
): Promise<Came<Value>> {
  const { generateText, NoObjectGeneratedError, Output, jsonSchema } = await loadSdk();
  const asked = model.schemas ? request : { ...request, system: inWords(request.system, schema) };
  const output = Output.object({ schema: jsonSchema(schema as never), name });
  let text: string;
  let finish: Text["finish"];
  let came: Omit<Came<never>, "value">;
  try {
    const answer = await generateText({
      ...(await options(model, asked, pictures)),
      ...(model.schemas && { output }),
      abortSignal: signal,
    });
    text = answer.text;
    finish = finishOf(answer.finishReason);
    came = { usage: usageOf(answer.usage, inputTokens, text), headers: answer.response.headers ?? {} };
  } catch (error) {
    if (!NoObjectGeneratedError.isInstance(error)) throw error;
    text = error.text ?? "";
    finish = finishOf(error.finishReason);
    came = { usage: usageOf(error.usage, inputTokens, text), headers: headersOf(error.response) };
  }
  return { ...came, value: readValue(text, finish) };
}

function readValue(text: string, finish: Text["finish"]): Value {
  // Truncated JSON may still be valid, but would be incomplete.
  if (finish === "length")
    return failed(
      "answer_incomplete",
      "The model's answer reached its limit of output tokens. Ask for less at once, or raise maxOutputTokens.",
    );
  try {
    return { value: JSON.parse(text), repaired: false };
  } catch {
    try {
      const value: unknown = JSON.parse(jsonrepair(text));
      if (typeof value === "object" && value !== null) return { value, repaired: true };
    } catch {
      // Reported below.
    }
    return failed("answer_malformed", "The model's answer is not JSON and cannot be repaired.");
  }
}

function failed(code: "answer_incomplete" | "answer_malformed", message: string): Value {
  return { error: new MillraceError(code, message) };
}

export async function askVectors(
  model: ModelSettings,
  { values }: AiEmbedRequest,
  { signal, inputTokens }: Asking,
): Promise<Came<number[][]>> {
  const { embedMany } = await loadSdk();
  const embedding = (await sdkModels(model)).embedding();
  const answer = await embedMany({
    model: embedding,
    values: [...values],
    maxRetries: 0,
    abortSignal: signal,
  });
  const { tokens } = answer.usage;
  const isTold = Number.isFinite(tokens);
  return {
    value: answer.embeddings,
    usage: { ...reckoned(isTold ? tokens : inputTokens, ""), estimated: !isTold },
    headers: answer.responses?.at(-1)?.headers ?? {},
  };
}

export async function askPictures(
  model: ModelSettings,
  { prompt: text, pictures, count = 1, size }: AiImageRequest & { pictures: readonly Picture[] },
  { signal, inputTokens }: Asking,
): Promise<Came<{ base64: string; mediaType: string }[]>> {
  const { generateImage } = await loadSdk();
  const picture = (await sdkModels(model)).picture();
  const images = pictures.map(({ data }) => data);
  const prompt = images.length > 0 ? { text, images } : text;
  const answer = await generateImage({
    ...{ model: picture, prompt, n: count, maxRetries: 0, abortSignal: signal },
    ...(size && { size }),
  });
  return {
    value: answer.images.map(({ base64, mediaType }) => ({ base64, mediaType })),
    usage: reckoned(inputTokens, ""),
    headers: answer.responses.at(-1)?.headers ?? {},
  };
}

async function options(model: ModelSettings, request: AiRequest, pictures: readonly Picture[]) {
  const { system, temperature, maxOutputTokens = model.maxOutputTokens } = request;
  return {
    model: (await sdkModels(model)).language(),
    messages: messagesOf(request, pictures),
    ...{ maxOutputTokens, maxRetries: 0 },
    ...(system !== undefined && { system }),
    ...(temperature !== undefined && { temperature }),
  };
}

function messagesOf({ prompt, messages = [] }: AiRequest, pictures: readonly Picture[]): ModelMessage[] {
  const all: ModelMessage[] = messages.map(({ role, content }) => ({ role, content }));
  if (prompt !== undefined) all.push({ role: "user", content: prompt });
  const last = all.at(-1);
  if (pictures.length === 0 || last?.role !== "user") return all;
  const shown = pictures.map(({ data, mediaType }) => ({ type: "file" as const, data, mediaType }));
  all[all.length - 1] = { role: "user", content: [{ type: "text", text: last.content as string }, ...shown] };
  return all;
}

/** Puts the schema into the prompt, for providers without schema support. */
function inWords(system: string | undefined, schema: object): string {
  const rule = `Answer with JSON alone, of this JSON Schema, without any other text:\n${JSON.stringify(schema)}`;
  return system === undefined ? rule : `${system}\n\n${rule}`;
}

interface SdkUsage {
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  inputTokenDetails?: { cacheReadTokens?: number | undefined };
  outputTokenDetails?: { reasoningTokens?: number | undefined };
}

function usageOf(usage: SdkUsage | undefined, inputTokens: number, text: string): AiUsage {
  const { inputTokens: input, outputTokens: output } = usage ?? {};
  const cached = usage?.inputTokenDetails?.cacheReadTokens ?? 0;
  const reasoning = usage?.outputTokenDetails?.reasoningTokens ?? 0;
  return {
    inputTokens: input ?? inputTokens,
    cachedInputTokens: Math.min(cached, input ?? inputTokens),
    outputTokens: output ?? textTokens(text),
    reasoningTokens: Math.min(reasoning, output ?? 0),
    estimated: input === undefined || output === undefined,
  };
}

/** Usage estimated from the input and the text that arrived. */
export function reckoned(inputTokens: number, text: string): AiUsage {
  const outputTokens = textTokens(text);
  return { inputTokens, cachedInputTokens: 0, outputTokens, reasoningTokens: 0, estimated: true };
}

function finishOf(reason: string | undefined): Text["finish"] {
  if (reason === "stop" || reason === "length") return reason;
  return reason === "content-filter" ? "filtered" : "other";
}

function headersOf(response: unknown): Headers {
  return (response as { headers?: Headers } | undefined)?.headers ?? {};
}
