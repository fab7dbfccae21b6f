import { type AppContext, type AppScope, MillraceError } from "millrace";
import { z } from "zod";
import * as kept from "../records/conversations.ts";
import { records } from "../records/open.ts";
import { regionNames } from "../rules.ts";
import { type Language, languages } from "../taxonomy.ts";
import { answerOf, ask, MOST_TURNS } from "./chat.ts";

const params = z.object({ id: z.uuid() });
const question = z.string().trim().min(1).max(1_000);
const notFound = () => new MillraceError("not_found", "There is no such conversation.");

/** The user's conversations, stored in the app's own records and answered by `text.answer` jobs. */
export function conversationRoutes(scope: AppScope, { millrace }: AppContext): void {
  scope.route({
    method: "GET",
    url: "/api/conversations",
    schema: { hide: true },
    handler: async ({ principal: { owner } }) => ({
      items: await kept.conversationsOf(await records(), owner),
    }),
  });

  scope.route({
    method: "POST",
    url: "/api/conversations",
    schema: {
      hide: true,
      body: z.object({ region: z.enum(regionNames), language: z.enum(languages), question }),
    },
    async handler({ principal: { owner }, body }, reply) {
      const database = await records();
      const id = crypto.randomUUID();
      const { region, language } = body;
      const title = body.question.slice(0, 80);
      const found = { id, title, region, language, updatedAt: Date.now() };
      await kept.createConversation(database, owner, found);
      const turn = await askNext(millrace, owner, found, body.question).catch(async (error) => {
        // A conversation without a question is useless.
        await kept.removeConversation(database, owner, id);
        throw error;
      });
      return reply.code(201).send({ id, title, region, language, ...turn });
    },
  });

  scope.route({
    method: "GET",
    url: "/api/conversations/:id",
    schema: { hide: true, params },
    async handler({ principal: { owner }, params: { id } }) {
      const database = await records();
      const found = await kept.conversation(database, owner, id);
      if (!found) throw notFound();
      const turns = await kept.turnsOf(database, id);
      return { ...found, turns: await Promise.all(turns.map((turn) => settled(millrace, owner, turn))) };
    },
  });

  scope.route({
    method: "POST",
    url: "/api/conversations/:id/turns",
    schema: { hide: true, params, body: z.object({ question }) },
    async handler({ principal: { owner }, params: { id }, body }, reply) {
      const found = await kept.conversation(await records(), owner, id);
      if (!found) throw notFound();
      return reply.code(201).send(await askNext(millrace, owner, found, body.question));
    },
  });

  scope.route({
    method: "DELETE",
    url: "/api/conversations/:id",
    schema: { hide: true, params },
    async handler({ principal: { owner }, params: { id } }, reply) {
      if (!(await kept.removeConversation(await records(), owner, id))) throw notFound();
      return reply.code(204).send();
    },
  });
}

type Calls = AppContext["millrace"];

/** Starts the job that answers, and records its id. */
async function askNext(millrace: Calls, owner: string, conversation: kept.Conversation, question: string) {
  const database = await records();
  const { id, region } = conversation;
  const turns = await kept.turnsOf(database, id);
  if (turns.length >= MOST_TURNS) {
    const text = `A conversation has at most ${MOST_TURNS} questions. Begin another one.`;
    throw new MillraceError("quota_exceeded", text, { retryable: false, extra: { limit: MOST_TURNS } });
  }
  const before = await Promise.all(turns.map((turn) => settled(millrace, owner, turn)));
  const number = turns.length + 1;
  const language = conversation.language as Language;
  const jobId = await ask(millrace, { owner, id, number, region, language, before, question });
  if (!(await kept.addTurn(database, id, { number, question, jobId, askedAt: Date.now() })))
    throw new MillraceError("already_exists", "Another question was asked at the same moment. Ask again.");
  keepAnswer(millrace, owner, jobId);
  return { number, jobId };
}

/** Stores the answer when it is ready. If this process exits before that, reading the conversation stores it. */
function keepAnswer(millrace: Calls, owner: string, jobId: string): void {
  const keep = async () => {
    await millrace.wait(jobId, { owner });
    await settled(millrace, owner, { jobId, answer: null, failed: false });
  };
  keep().catch(() => undefined);
}

/** A turn, with its answer if the job has ended. */
async function settled<T extends Pick<kept.Turn, "jobId" | "answer" | "failed">>(
  millrace: Calls,
  owner: string,
  turn: T,
): Promise<T> {
  if (turn.answer !== null || turn.failed) return turn;
  const ended = await answerOf(millrace, owner, turn.jobId);
  if (!ended) return turn;
  await kept.endTurn(await records(), turn.jobId, ended.text);
  return { ...turn, answer: ended.text, failed: ended.text === null };
}
