import type { AiCost, AiUsage } from "../../pipeline/ai.ts";
import type { AllContext } from "../../pipeline/context.ts";
import { PermanentError } from "../../pipeline/control.ts";
import { definePipeline } from "../../pipeline/pipeline.ts";
import { STEP_MEMORY_MIB } from "../step-memory.ts";
import { type Citation, citedIn } from "./citations.ts";
import { conversationOf, instructions, sourcesFor } from "./conversation.ts";
import { extract } from "./extractive.ts";
import { type TextAnswerOptions, textAnswerOptions } from "./options.ts";
import { type Pages, type Passage, passagesOf } from "./passages.ts";
import { type ReadFile, read } from "./read.ts";

export type { TextAnswerOptions } from "./options.ts";

export const textAnswerName = "text.answer";

/** Concurrent calls per worker. High, because they mostly wait for a provider. */
const CONCURRENCY = 8;
const TIMEOUT_MS = 600_000;

/** Result of a `text.answer` job. */
export type TextAnswer = {
  text: string;
  /** Provider and model. `extractive` if none is configured and the answer quotes the files. */
  model: string;
  usage: AiUsage & { [more: string]: never };
  cost: (AiCost & { [more: string]: never }) | null;
  citations: Citation[];
  finish: "stop" | "length" | "filtered" | "other";
};

/** The built-in pipeline that answers a question, optionally from files, and streams the answer. */
export const textAnswer = definePipeline({
  name: textAnswerName,
  version: 1,
  title: "Answer a question",
  description:
    "Answer a question or continue a conversation, optionally about files. The answer is streamed as it is written, with its sources.",
  accepts: {
    mediaTypes: ["text/plain", "text/markdown", "application/pdf"],
    minFiles: 0,
    maxFiles: 20,
    maxFileBytes: 50 * 1024 * 1024,
  },
  options: textAnswerOptions,
})
  // Native code reads PDFs, and a hostile file may block it.
  .each("read", read, { isolate: { memoryMiB: STEP_MEMORY_MIB }, version: "1" })
  .all("answer", answer, { concurrency: CONCURRENCY, timeoutMs: TIMEOUT_MS });

type Context = AllContext<TextAnswerOptions, ReadFile, null>;

async function answer(context: Context): Promise<TextAnswer> {
  const files = await filesOf(context);
  const { options, ai } = context;
  const { messages, leftOut } = conversationOf(options);
  if (leftOut > 0)
    context.warn(
      "messages_left_out",
      `The ${leftOut} oldest messages were left out because the conversation is too long.`,
    );
  const question = messages.at(-1)!.content;
  const passages = passagesOf(files);
  if (ai.models.length === 0) {
    if (options.model !== undefined)
      throw new PermanentError(
        "no_model",
        `There is no model "${options.model}", because no models are configured on this server.`,
      );
    return extractive(context, passages, question);
  }
  const sources = sourcesFor(passages, question);
  if (sources.length < passages.length)
    context.warn(
      "passages_left_out",
      `The files are long, so the model received ${sources.length} of their ${passages.length} passages.`,
    );
  const system = instructions(options.system, sources);
  const { model, maxOutputTokens } = options;
  const { text, usage, cost, finish, ...answered } = await ai.stream({
    messages,
    ...(system !== undefined && { system }),
    ...(model !== undefined && { model }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
  });
  return {
    text,
    model: answered.model,
    usage: usage as TextAnswer["usage"],
    cost: cost as TextAnswer["cost"],
    citations: citedIn(text, sources),
    finish,
  };
}

/** Answers with the best passages, introduced as quotes. */
function extractive(context: Context, passages: readonly Passage[], question: string): TextAnswer {
  const { pieces, citations } = extract(passages, question);
  if (pieces.length === 0) {
    const why =
      passages.length === 0
        ? "No model is configured, and there are no files to quote from."
        : "No model is configured, and no passage of the files fits the question.";
    context.warn("nothing_found", why);
    pieces.push(why);
  }
  for (const piece of pieces) context.delta(piece);
  const usage = {
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    estimated: false,
  };
  return {
    text: pieces.join(""),
    model: "extractive",
    usage: usage as TextAnswer["usage"],
    cost: { usd: 0, estimated: false } as TextAnswer["cost"],
    citations,
    finish: "stop",
  };
}

async function filesOf({ items, failures, warn }: Context): Promise<Pages[]> {
  const files: Pages[] = [];
  for await (const { index, name, result } of items)
    files.push({ item: index, file: name, pages: result.pages });
  if (failures.length > 0)
    warn("files_not_read", `${failures.length} files could not be read. The answer does not use them.`);
  return files;
}
