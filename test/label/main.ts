/** `npm run label -- [PRODUCER…] [--from SEED] [--count N] [--folder DIR] [--misses N]` */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArguments } from "../../scripts/arguments.ts";
import { type Measured, measure } from "./gate.ts";
import { producers } from "./producers.ts";
import { f1 } from "./score.ts";

const { values, positionals } = readArguments({
  command: "npm run label",
  about: "Labels generated exams, and compares the labels with the known answers.",
  operands: { "[PRODUCER…]": `${producers.map(({ name }) => name).join(", ")} (default: all)` },
  options: {
    from: { type: "string", default: "1", value: "SEED", about: "seed of the first exam" },
    count: { type: "string", default: "20", value: "N", about: "number of exams" },
    folder: {
      ...{ type: "string", default: join(tmpdir(), "millrace-label"), value: "DIR" },
      about: "where the exams are kept",
    },
    misses: { type: "string", default: "0", value: "N", about: "number of misses to print per exam" },
  },
});
const seeds = Array.from({ length: Number(values.count) }, (_, index) => Number(values.from) + index);

const sum = (measured: readonly Measured[]) => {
  const of = (name: "truth" | "found" | "hits" | "answers" | "groups") =>
    measured.reduce((total, { score }) => total + score[name], 0);
  return {
    truth: of("truth"),
    found: of("found"),
    hits: of("hits"),
    answers: of("answers"),
    groups: of("groups"),
  };
};
const row = (name: string, measured: readonly Measured[]) => {
  const total = sum(measured);
  const share = (part: number) => (total.hits === 0 ? 0 : part / total.hits).toFixed(3);
  console.log(
    `${name.padEnd(24)} F1 ${f1(total).toFixed(4)}  truth ${total.truth}  found ${total.found}  answers ${share(total.answers)}  groups ${share(total.groups)}`,
  );
};

for (const producer of producers) {
  if (positionals.length > 0 && !positionals.includes(producer.name)) continue;
  const missing = await producer.missing();
  if (missing) {
    console.log(`${producer.name}: ${missing}`);
    continue;
  }
  const measured = await measure(producer, seeds, values.folder);
  row(producer.name, measured);
  for (const language of ["ko", "en"] as const) {
    for (const columns of [1, 2] as const) {
      const part = measured.filter(({ exam }) => exam.language === language && exam.columns === columns);
      if (part.length > 0) row(`  ${language}, ${columns} column${columns === 1 ? "" : "s"}`, part);
    }
  }
  for (const { exam, score } of measured) {
    const rest = score.misses.slice(0, Number(values.misses));
    if (rest.length === 0 && f1(score) > 0.97) continue;
    if (Number(values.misses) > 0)
      console.log(
        `  seed ${exam.seed} ${exam.language} ${exam.columns}: F1 ${f1(score).toFixed(3)}, ${score.misses.length} missed, ${score.found - score.truth} more`,
      );
    for (const { truth, why } of rest)
      console.log(
        `    ${truth.section ?? ""}#${truth.number} ${truth.type} ${JSON.stringify(truth.body.slice(0, 60))}: ${why.slice(0, 160)}`,
      );
  }
}
