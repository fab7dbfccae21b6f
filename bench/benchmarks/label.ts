import { join } from "node:path";
import { type Measured, measure } from "../../test/label/gate.ts";
import { type Producer, producers } from "../../test/label/producers.ts";
import { f1 } from "../../test/label/score.ts";
import { type Report, type Row, target } from "../report.ts";
import type { Session } from "../session.ts";

/** No tuning ever used seeds from here on. */
const FIRST_SEED = 1_001;
const EXAMS = { full: 24, quick: 6 };
const SCANS = { full: 10, quick: 2 };

/** Runs the built-in labeler on exams with known answers. */
export async function label(session: Session): Promise<Report> {
  const size = session.quick ? "quick" : "full";
  const rows: Row[] = [];
  const targets = [];
  for (const producer of producers) {
    const missing = await producer.missing();
    if (missing) {
      session.say(`${producer.name}: ${missing}`);
      continue;
    }
    const count = producer.isScan ? SCANS[size] : EXAMS[size];
    const seeds = Array.from({ length: count }, (_, index) => FIRST_SEED + index);
    const measured = await measure(producer, seeds, join(session.folder, producer.name));
    rows.push(rowOf(producer.name, measured), ...partsOf(producer, measured));
    const least = producer.isScan ? 0.9 : 0.97;
    targets.push(target(`${producer.name}: whole-question F1`, total(measured).f1, { atLeast: least }));
  }
  return {
    name: "label",
    title: "Labeling without a provider",
    method: [
      "Generated exams in Korean and English with one and two columns, seven styles of numbers, six of choices, sections whose numbers start again, shared passages, and answers at the end.",
      "A question counts when section and number match, its type is right, and its body and each of its choices are at least 90 % alike. F1 is over all questions; answers and groups are parts of the questions that count.",
      "The scans are Chromium's pages at 200 dpi, turned by up to 0.6 degrees, blurred and noisy, read by the installed tesseract.",
    ],
    columns: [
      { name: "f1", title: "F1", digits: 3 },
      { name: "questions", title: "questions", digits: 0 },
      { name: "answers", title: "answers", digits: 3 },
      { name: "groups", title: "groups", digits: 3 },
    ],
    rows,
    targets,
  };
}

function partsOf({ name }: Producer, measured: readonly Measured[]): Row[] {
  return (["ko", "en"] as const).flatMap((language) =>
    ([1, 2] as const).flatMap((columns) => {
      const part = measured.filter(({ exam }) => exam.language === language && exam.columns === columns);
      const title = `${name}, ${language === "ko" ? "Korean" : "English"}, ${columns} column${columns === 1 ? "" : "s"}`;
      return part.length > 0 ? [rowOf(title, part)] : [];
    }),
  );
}

function rowOf(subject: string, measured: readonly Measured[]): Row {
  return { subject, figures: total(measured) };
}

function total(measured: readonly Measured[]) {
  const sum = (of: "truth" | "found" | "hits" | "answers" | "groups") =>
    measured.reduce((all, { score }) => all + score[of], 0);
  const hits = Math.max(1, sum("hits"));
  const all = { truth: sum("truth"), found: sum("found"), hits: sum("hits") };
  return { f1: f1(all), questions: all.truth, answers: sum("answers") / hits, groups: sum("groups") / hits };
}
