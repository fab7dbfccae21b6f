import { expect, test } from "vitest";
import { documentLabel } from "../../src/pipelines/document-label/index.ts";
import type { Labeled } from "../../src/pipelines/document-label/label-file.ts";
import type { Report } from "../../src/pipelines/document-label/report.ts";
import { runPipeline } from "../../src/testing/run-pipeline.ts";
import { drawPdf } from "./drawn.ts";
import { examOf } from "./exam.ts";
import { f1, scoreOf } from "./score.ts";

test("two PDFs are labeled, a broken one is reported", async () => {
  const exams = [examOf(1, { columns: 2 }), examOf(2, { columns: 1 })];
  const [first, second] = await Promise.all(exams.map(drawPdf));
  await using run = await runPipeline(documentLabel, {
    files: [
      { name: "first.pdf", mediaType: "application/pdf", data: first! },
      {
        name: "broken.pdf",
        mediaType: "application/pdf",
        data: Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(2_000, 7)]),
      },
      { name: "second.pdf", mediaType: "application/pdf", data: second! },
    ],
  });
  expect(run.items[1]?.error?.code).toBe("undecodable_file");
  for (const [index, exam] of [
    [0, exams[0]!],
    [2, exams[1]!],
  ] as const) {
    expect(run.items[index]!.error).toBeNull();
    const labeled = run.items[index]!.result as Labeled;
    expect(labeled.labeler).toBe("rules");
    expect(f1(scoreOf(exam, labeled.questions))).toBeGreaterThanOrEqual(0.9);
    for (const { page, boxes } of labeled.questions) {
      expect(boxes[0]?.page).toBe(page);
      for (const { x, y, width, height } of boxes) {
        expect(Math.min(x, y, width, height)).toBeGreaterThanOrEqual(0);
        expect(x + width).toBeLessThanOrEqual(596);
        expect(y + height).toBeLessThanOrEqual(843);
      }
    }
    expect(run.items[index]?.outputs.map(({ name }) => name.split("-questions").at(-1))).toEqual([
      ".json",
      ".csv",
      ".md",
    ]);
  }
  const { files, total, summary } = run.all.report!.result as unknown as Report;
  expect(files.map(({ name, state }) => [name, state])).toEqual([
    ["first.pdf", "labeled"],
    ["broken.pdf", "failed"],
    ["second.pdf", "labeled"],
  ]);
  expect(files[1]?.error?.code).toBe("undecodable_file");
  expect(total).toMatchObject({ files: 3, labeled: 2, failed: 1 });
  expect(total.questions).toBe(files[0]!.questions + files[2]!.questions);
  expect(summary).toContain("broken.pdf");
});

test("a file without questions is one section, and says so", async () => {
  const exam = examOf(3, { columns: 1 });
  const prose = {
    ...exam,
    blocks: exam.blocks.filter(({ kind }) => kind === "passage" || kind === "instruction"),
  };
  const blocks = [...prose.blocks, { kind: "passage" as const, text: "Nothing here has a number." }];
  await using run = await runPipeline(documentLabel, {
    files: [{ name: "prose.pdf", mediaType: "application/pdf", data: await drawPdf({ ...prose, blocks }) }],
  });
  const { questions } = run.items[0]!.result as Labeled;
  expect(questions.map(({ type, number }) => [type, number])).toEqual([["other", null]]);
  expect(run.items[0]?.warnings.map(({ code }) => code)).toContain("no_questions");
});
