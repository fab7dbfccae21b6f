import { expect, test } from "vitest";
import { definePipeline } from "../../pipeline/pipeline.ts";
import { runPipeline } from "../../testing/run-pipeline.ts";
import type { PagePart } from "../documents/page-steps.ts";
import type { PageText } from "../documents/page-text.ts";
import { type Labeled, labelFile } from "./label-file.ts";
import { labelOptions } from "./options.ts";

const rows = [
  "1. 다음 중 짝수인 것은?",
  "① 3   ② 4   ③ 5",
  "2. 다음 중 홀수인 것은?",
  "① 2   ② 4   ③ 5",
  "3. 물이 끓는 온도를 쓰시오.",
];

/** A page with one column, like the output of the embedded text or OCR readers. */
function pageOf(texts: readonly string[], source: PageText["source"]): PageText {
  const lines = texts.map((text, row) => {
    const box = { x: 50, y: 60 + row * 24, width: 7 * text.length, height: 12 };
    const word = { text, box, confidence: 1 };
    const at = { baseline: box.y + 10, size: 12, block: 0, blockLeft: 50 };
    return { text, box, confidence: 1, words: [word], ...at };
  });
  const size = { page: 1, width: 595, height: 842 };
  return { ...size, source, confidence: 1, language: "kor", toPdf: null, lines };
}

/** Runs the real final steps on a page that was already read. */
async function labeled(texts: readonly string[], source: PageText["source"]) {
  const pipeline = definePipeline({
    ...{ name: "test.label", version: 1, title: "Label", options: labelOptions },
    accepts: { mediaTypes: ["application/pdf"] },
  })
    .split("pages", ({ file }): PagePart[] => [{ data: { page: 1 }, files: [file], name: "1" }])
    .each("extract", () => pageOf(texts, source))
    .join("label", labelFile);
  await using run = await runPipeline(pipeline, {
    files: [{ name: "a.pdf", data: "%PDF-", mediaType: "application/pdf" }],
  });
  const [item] = run.items;
  expect(item!.error).toBeNull();
  const { questions } = item!.result as Labeled;
  const answers = questions
    .filter(({ type, number }) => number !== null && type !== "explanation")
    .map(({ answer }) => answer);
  return { answers, warnings: item!.warnings.filter(({ code }) => code === "answers_unreadable") };
}

test.each([
  ["an answer key", [...rows, "정답", "1. ②", "2. ③", "3. 7"]],
  ["one line of answers", [...rows, "정답", "1. ②   2. ③   3. 7"]],
  [
    "answers below the questions",
    [...rows.slice(0, 2), "정답: ②", ...rows.slice(2, 4), "정답: ③", rows[4]!, "정답: 7"],
  ],
])(
  "circled answers of %s are told apart in text; on a scan there are none, and it says so",
  async (_, texts) => {
    const embedded = await labeled(texts, "embedded");
    expect(embedded).toEqual({ answers: ["2", "3", "7"], warnings: [] });
    const scanned = await labeled(texts, "ocr");
    expect(scanned.answers).toEqual([null, null, "7"]);
    expect(scanned.warnings).toHaveLength(1);
    expect(scanned.warnings[0]!.message).toContain("questions 1, 2 are circled numbers on a scan");
  },
);

test("a scan without circled answers has no such warning", async () => {
  const { answers, warnings } = await labeled([...rows, "정답", "1. 2", "2. 3", "3. 100"], "ocr");
  expect(answers).toEqual(["2", "3", "100"]);
  expect(warnings).toEqual([]);
});
