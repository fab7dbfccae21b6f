import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Labeled, Report } from "../../src/pipelines/document-label/index.ts";
import { type ProviderRequest, startProvider, type TestProvider } from "../../src/testing/ai-provider.ts";
import { drawPdf } from "../label/drawn.ts";
import { type Exam, examOf, type Truth } from "../label/exam.ts";
import { f1, scoreOf } from "../label/score.ts";
import { createJob, ended, form } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let provider: TestProvider;
let server: Running;
beforeAll(async () => {
  provider = await startProvider();
  const model = { name: "labels", provider: "openai", url: provider.openai, key: "k", model: "small" };
  server = await start({
    env: { MILLRACE_AI_MODELS: JSON.stringify([model]), MILLRACE_AI_ANSWERS_HOURS: "0" },
  });
});
afterAll(async () => {
  await server.close();
  await provider.close();
});
beforeEach(() => {
  provider.requests.length = 0;
});

/** Long enough for several calls, with numbers that increase over the whole document. */
const exam = [...Array(60).keys()]
  .map((seed) => examOf(seed + 200, { language: "en", columns: 1 }))
  .find(({ truth }) => truth.length > 20 && truth.every(({ section }) => section === null))!;

const promptOf = ({ body }: ProviderRequest) => {
  const messages = body.messages as { role: string; content: unknown }[];
  return JSON.stringify(messages.findLast(({ role }) => role === "user")!.content);
};
const squeezed = (text: string) => text.replace(/[\s_"\\n]+/g, "");

/** A careful model's answer for one part of the exam. */
function labelsFor({ truth }: Exam, prompt: string) {
  const text = squeezed(prompt);
  const isIn = ({ body }: Truth) => text.includes(squeezed(body).slice(0, 40));
  return truth.filter(isIn).map(({ number, type, body, choices }) => {
    return { number, type, title: `Title ${number}`, body, choices };
  });
}

async function labeled(
  options: object,
): Promise<{ item: Labeled; warnings: string[]; report: Report; state: string }> {
  const files = [["exam.pdf", await drawPdf(exam)]] as const;
  const fields = { options: JSON.stringify(options) };
  const job = await createJob(server.url, form("document.label", files, fields));
  let done = await ended(server.url, job.id);
  // Every page has a separate process, which takes a while on a busy machine.
  for (let wait = 0; wait < 5 && !/^(?:succeeded|failed|partial)/.test(done.state); wait++) {
    done = await ended(server.url, job.id);
  }
  const list = await fetch(`${server.url}/v1/jobs/${job.id}/items`).then((found) => found.json());
  const [item] = (list as { items: { result: Labeled; warnings: { code: string }[] }[] }).items;
  return {
    item: item!.result,
    warnings: (item!.warnings ?? []).map(({ code }) => code),
    report: done.result as unknown as Report,
    state: done.state,
  };
}

const WAIT_MS = 150_000;

test(
  "a model labels every question once, in parts, and the rules check it",
  async () => {
    provider.reply = (request) => {
      const questions = labelsFor(exam, promptOf(request));
      const [first, second] = questions;
      if (provider.requests.length === 1) {
        // Adds a choice that nobody printed, and leaves out a question.
        first!.choices = [...first!.choices, "Nowhere in the document"];
        questions.splice(questions.indexOf(second!), 1);
      }
      // Adds trailing commas, which are invalid JSON: they must be repaired locally instead of by another paid call.
      return { text: JSON.stringify({ questions }).replace(/\}\]\}$/, "},]}") };
    };
    const { item, warnings, report, state } = await labeled({ labeler: "model" });
    expect(state).toBe("succeeded");
    expect(item.labeler).toBe("127.0.0.1/small");
    expect(provider.requests.length).toBeGreaterThan(1);
    const numbered = item.questions.filter(({ number, type }) => number !== null && type !== "explanation");
    expect(numbered.map(({ number }) => number)).toEqual(exam.truth.map(({ number }) => number));
    expect(numbered.map(({ labeler }) => labeler)).toEqual(
      exam.truth.map((_, index) => (index < 2 ? "rules" : "127.0.0.1/small")),
    );
    expect(numbered[4]!.title).toBe(`Title ${numbered[4]!.number}`);
    expect(warnings).toContain("model_overruled");
    expect(f1(scoreOf(exam, item.questions))).toBeGreaterThanOrEqual(0.97);
    expect(report.files[0]).toMatchObject({ state: "labeled", labeler: "127.0.0.1/small" });
  },
  WAIT_MS,
);

test(
  "the rules take over where a model answers nonsense",
  async () => {
    provider.reply = () => ({ text: "I would rather not." });
    const { item, warnings, state } = await labeled({ labeler: "auto", languages: ["eng"] });
    expect(state).toBe("succeeded");
    expect(item.labeler).toBe("rules");
    expect(warnings).toContain("model_failed");
    expect(f1(scoreOf(exam, item.questions))).toBeGreaterThanOrEqual(0.97);
  },
  WAIT_MS,
);

test(
  "the rules alone ask nobody",
  async () => {
    const { item } = await labeled({ labeler: "rules" });
    expect(item.labeler).toBe("rules");
    expect(provider.requests).toEqual([]);
  },
  WAIT_MS,
);
