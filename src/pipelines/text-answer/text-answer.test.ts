import { PDFDocument, StandardFonts } from "@cantoo/pdf-lib";
import { expect, test } from "vitest";
import type { Ai, AiRequest } from "../../pipeline/ai.ts";
import { aiOver } from "../../pipeline/ai-calls.ts";
import { runPipeline } from "../../testing/run-pipeline.ts";
import { conversationOf, MOST_CONVERSATION, MOST_SOURCES, sourcesFor } from "./conversation.ts";
import { type TextAnswer, textAnswer } from "./index.ts";
import { passagesOf } from "./passages.ts";
import { search, terms } from "./search.ts";

const bees = `# Bees

A honey bee colony has one queen. She lays up to 2,000 eggs a day in early summer.

Worker bees live for about six weeks in summer. In winter they live for several months.

Drones have no sting. Their task is to mate with a queen.`;
const seoul = `서울은 대한민국의 수도이다. 한강이 도시를 가로질러 흐른다.

경복궁은 1395년에 지어진 조선의 궁궐이다. 광화문은 경복궁의 정문이다.

부산은 대한민국에서 두 번째로 큰 도시이며 항구 도시이다.`;

const answerOf = (run: { all: Record<string, { result: unknown }> }) => run.all.answer!.result as TextAnswer;

test.each([
  ["How many eggs does a queen lay?", "bees.md", "2,000 eggs"],
  ["경복궁은 언제 지어졌나요?", "seoul.txt", "1395년"],
  ["두 번째로 큰 도시는?", "seoul.txt", "부산"],
])("without a model, %s is answered with passages and where they are from", async (prompt, file, words) => {
  await using run = await runPipeline(textAnswer, {
    files: [
      { name: "bees.md", data: bees, mediaType: "text/markdown" },
      { name: "seoul.txt", data: seoul, mediaType: "text/plain" },
    ],
    options: { prompt },
  });
  const { text, model, citations, usage, cost } = answerOf(run);
  expect(model).toBe("extractive");
  expect(text).toContain(words);
  expect(text).toContain("[1]");
  expect(citations[0]).toMatchObject({ number: 1, file, page: null });
  expect(citations[0]!.text).toContain(words);
  expect([usage.inputTokens, cost]).toEqual([0, { usd: 0, estimated: false }]);
  expect(run.all.answer!.deltas.length).toBeGreaterThan(1);
  expect(run.all.answer!.deltas.join("")).toBe(text);
});

async function pdfOf(...pages: string[][]): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const lines of pages) {
    const page = document.addPage([595, 842]);
    for (const [row, line] of lines.entries())
      page.drawText(line, { x: 60, y: 760 - row * 18, size: 12, font });
  }
  return Buffer.from(await document.save());
}

test("a passage of a PDF is cited with its page", async () => {
  const data = await pdfOf(
    ["Sheep graze on the northern hills of the island.", "Their wool is shorn in late spring."],
    ["The lighthouse was built in 1859 by the harbor master.", "Its light is seen from twenty miles away."],
  );
  await using run = await runPipeline(textAnswer, {
    files: [{ name: "island.pdf", data, mediaType: "application/pdf" }],
    options: { prompt: "When was the lighthouse built?" },
  });
  expect(run.items[0]!.error).toBeNull();
  const { text, citations } = answerOf(run);
  expect(text).toContain("1859");
  expect(citations[0]).toMatchObject({ number: 1, file: "island.pdf", page: 2 });
  expect(citations[0]!.text).toContain("The lighthouse was built in 1859 by the harbor master.");
});

test("a page without text is counted as not read", async () => {
  const data = await pdfOf(["The lighthouse was built in 1859 by the harbor master."], []);
  await using run = await runPipeline(textAnswer, {
    files: [{ name: "island.pdf", data, mediaType: "application/pdf" }],
    options: { prompt: "When was the lighthouse built?" },
  });
  expect(answerOf(run).citations[0]!.page).toBe(1);
  expect(run.items[0]!.warnings).toMatchObject([
    { code: "pages_not_read", message: expect.stringMatching(/^1 of 2 pages/) },
  ]);
});

test.each([
  ["no files", [], "there are no files"],
  ["files that say nothing of it", [{ name: "bees.md", data: bees, mediaType: "text/plain" }], "no passage"],
])("without a model and with %s, the answer says so", async (_, files, why) => {
  await using run = await runPipeline(textAnswer, { files, options: { prompt: "Quantenchromodynamik?" } });
  expect(run.all.answer!.error).toBeNull();
  expect(answerOf(run).text).toContain(why);
  expect(run.all.answer!.warnings).toMatchObject([{ code: "nothing_found" }]);
});

function modelThat(answers: string, asked: AiRequest[]): Ai {
  return aiOver(["fast"], async (call) => {
    asked.push(call.request as AiRequest);
    const usage = {
      inputTokens: 10,
      cachedInputTokens: 0,
      outputTokens: 5,
      reasoningTokens: 0,
      estimated: false,
    };
    return { text: answers, finish: "stop", model: "p/fast", usage, cost: null, cached: false };
  });
}

test("a model gets the sources and the conversation, and what it names is cited", async () => {
  const asked: AiRequest[] = [];
  await using run = await runPipeline(textAnswer, {
    files: [{ name: "bees.md", data: bees, mediaType: "text/markdown" }],
    options: {
      system: "Be brief.",
      maxOutputTokens: 99,
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Good day." },
        { role: "user", content: "Do drones sting?" },
      ],
    },
    ai: modelThat("No [3], never [3, 1]. See [77].", asked),
  });
  const { citations, model } = answerOf(run);
  expect(model).toBe("p/fast");
  expect(citations.map(({ number }) => number)).toEqual([3, 1]);
  expect(citations[0]!.text).toContain("Drones");
  expect(asked[0]).toMatchObject({
    maxOutputTokens: 99,
    messages: [{}, {}, { content: "Do drones sting?" }],
  });
  expect(asked[0]!.system).toMatch(/^Be brief\.[\s\S]*\[3\] \(bees\.md\) Drones/);
});

test("options are either a question or a conversation that ends with the user", () => {
  const parses = (options: unknown) => textAnswer.options.safeParse(options).success;
  expect(parses({ prompt: "?" })).toBe(true);
  expect(parses({})).toBe(false);
  expect(parses({ prompt: "?", messages: [{ role: "user", content: "?" }] })).toBe(false);
  expect(parses({ messages: [{ role: "assistant", content: "?" }] })).toBe(false);
});

test("a conversation is bounded, from its newest message on", () => {
  const long = "word ".repeat(MOST_CONVERSATION / 2);
  const messages = ["user", "assistant", "user", "assistant", "user"].map((role) => ({
    role,
    content: long,
  }));
  const { messages: kept, leftOut } = conversationOf({ messages } as never);
  expect(kept.length + leftOut).toBe(5);
  expect(leftOut).toBeGreaterThan(1);
  expect(kept[0]!.role).toBe("user");
  expect(conversationOf({ prompt: long.repeat(4) } as never)).toMatchObject({ leftOut: 0 });
});

test("of long files, the passages that fit the question are given", () => {
  const filler = Array.from(
    { length: 400 },
    (_, n) => `Paragraph ${n} tells of sheep. ${"Grass grows. ".repeat(20)}`,
  );
  filler[300] = `The lighthouse was built in 1859 by the harbor master. ${"It stands on a rock. ".repeat(10)}`;
  const passages = passagesOf([
    { item: 0, file: "long.txt", pages: [{ page: 7, text: filler.join("\n\n") }] },
  ]);
  const sources = sourcesFor(passages, "When was the lighthouse built?");
  expect(sources.length).toBeLessThan(passages.length);
  expect(sources.some(({ text, page }) => text.includes("1859") && page === 7)).toBe(true);
  expect(sourcesFor(passages, "zzz").length * 60).toBeLessThan(MOST_SOURCES);
});

test("Hangul is searched by pairs of syllables, Latin by words", () => {
  expect(terms("경복궁은 Palace of 1395")).toEqual(["경복", "복궁", "궁은", "palace", "1395"]);
  const passages = passagesOf([{ item: 0, file: "s", pages: [{ page: 1, text: seoul }] }]);
  expect(search(passages, "경복궁의 정문", 1)[0]!.passage.text).toContain("광화문");
});
