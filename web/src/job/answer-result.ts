import type { Json } from "../api/contract.ts";

/** The fields of `text.answer`'s result that are shown. */
export interface Answer {
  text: string;
  model: string;
  finish: string;
  usage: { inputTokens: number; outputTokens: number; estimated: boolean };
  cost: { usd: number; estimated: boolean } | null;
  citations: { number: number; file: string; page: number | null; text: string }[];
}

/** Reads a job's result as an answer. `null` for other results. */
export function readAnswer(result: Json): Answer | null {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return null;
  const { text, model, usage, citations } = result;
  const isAnswer =
    typeof text === "string" &&
    typeof model === "string" &&
    typeof usage === "object" &&
    usage !== null &&
    Array.isArray(citations);
  return isAnswer ? (result as unknown as Answer) : null;
}
