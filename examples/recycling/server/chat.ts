import { type AppContext, MillraceError } from "millrace";
import type { Turn } from "../records/conversations.ts";
import { handbook } from "../rules.ts";
import type { Language } from "../taxonomy.ts";

/** Questions per conversation. */
export const MOST_TURNS = 50;

interface Question {
  owner: string;
  /** Id of the conversation. */
  id: string;
  number: number;
  region: string;
  language: Language;
  before: readonly Turn[];
  question: string;
}

const instructions: Record<Language, string> = {
  ko: "가정 쓰레기 분리배출을 돕는다. 자료에 있는 규칙만 말하고, 없으면 지자체에 문의하라고 답한다. 한국어로 짧게 답한다.",
  en: "You help sort household waste. State only rules that the sources have; otherwise say to ask the local authority. Answer briefly, in English.",
};

/** Starts a `text.answer` job with the region's rules. @returns its id */
export async function ask(millrace: AppContext["millrace"], asked: Question): Promise<string> {
  const { owner, id, number, region, language, before, question } = asked;
  const messages = [
    ...before
      .filter(({ answer }) => answer !== null)
      .flatMap((turn) => [
        { role: "user" as const, content: turn.question },
        { role: "assistant" as const, content: turn.answer! },
      ]),
    { role: "user" as const, content: question },
  ];
  const book = { name: `${region}.txt`, data: handbook(region, language) };
  const job = await millrace.submit(
    "text.answer",
    { files: [book], options: { messages, system: instructions[language] } },
    // Two requests for the same turn create one job.
    { owner, idempotencyKey: `recycling ${id} ${number}` },
  );
  return job.id;
}

/** A job's answer. `null` while it runs, and with a text of `null` if it failed or no longer exists. */
export async function answerOf(
  millrace: AppContext["millrace"],
  owner: string,
  jobId: string,
): Promise<{ text: string | null } | null> {
  try {
    const { finishedAt, result } = await millrace.job(jobId, { owner });
    if (finishedAt === null) return null;
    return { text: (result as { text?: string } | null)?.text ?? null };
  } catch (error) {
    if (error instanceof MillraceError && error.code === "not_found") return { text: null };
    throw error;
  }
}
