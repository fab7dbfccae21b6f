import { join, resolve } from "node:path";
import type { Services } from "../../lab/architectures/architecture.ts";
import { architectures, type Loop } from "../../lab/records.ts";
import { writeReport } from "../../lab/report/write-report.ts";
import { fullStudy, quickStudy, type StudyOptions } from "../../lab/study/plan.ts";
import { runStudy } from "../../lab/study/run.ts";
import { workloadNames } from "../../lab/workloads/workload.ts";
import { onInterrupt } from "../interrupt.ts";
import { exitCode, messageOf, usageError } from "../output.ts";

export interface StudyFlags {
  quick?: true;
  out: string;
  architectures?: string;
  workloads?: string;
  workers?: number[];
  users?: number[];
  loops?: string;
  rounds?: number;
  seconds?: number;
  file?: string;
  seed: number;
  sleep: number;
  postgres?: string;
  redis?: string;
  rabbitmq?: string;
  kafka?: string;
}

const loops: readonly Loop[] = ["poll", "closed", "open"];

/** Runs the rest of the study and writes the report. */
export async function study(flags: StudyFlags): Promise<void> {
  const { signal, stop } = onInterrupt();
  const out = resolve(flags.out);
  const { file } = flags;
  const { path, failed } = await runStudy({
    ...{
      options: optionsOf(flags),
      services: servicesOf(flags),
      out,
      seed: flags.seed,
      sleepMs: flags.sleep,
      signal,
    },
    files: file === undefined ? {} : { "document.ocr": resolve(file), "image.convert": resolve(file) },
    say: (line) => console.error(line),
  });
  stop();
  console.log(`Records: ${path}`);
  await reportOn(path, out);
  for (const { key, why } of failed) console.error(`millrace: ${key} could not be measured: ${why}`);
  if (signal.aborted) console.error("Interrupted. Run the same command again to continue.");
  process.exitCode = signal.aborted
    ? exitCode.interrupted
    : failed.length > 0
      ? exitCode.failed
      : exitCode.ok;
}

/** Keeps the records even if the report fails, because it can be created from them later. */
async function reportOn(records: string, out: string): Promise<void> {
  const files = { html: join(out, "report.html"), markdown: join(out, "report.md") };
  try {
    await writeReport([records], files);
    console.log(`Report: ${files.html}`);
  } catch (error) {
    console.error(`millrace: The report could not be written: ${messageOf(error)}`);
    console.error(`Try again with: millrace lab report ${records} --html ${files.html}`);
  }
}

/** Parses a flag with a list of names. */
function some<T extends string>(
  flag: string,
  text: string | undefined,
  words: readonly T[],
): T[] | undefined {
  const given = text?.split(",").map((word) => word.trim());
  const unknown = given?.find((word) => !(words as readonly string[]).includes(word));
  if (unknown === undefined) return given as T[] | undefined;
  throw usageError(`${flag}: "${unknown.slice(0, 80)}" is not one of ${words.join(", ")}.`);
}

function optionsOf(flags: StudyFlags): StudyOptions {
  const usual = flags.quick ? quickStudy : fullStudy;
  const { workers, users, rounds, seconds } = flags;
  return {
    ...usual,
    architectures: some("--architectures", flags.architectures, architectures) ?? usual.architectures,
    workloads: some("--workloads", flags.workloads, workloadNames) ?? usual.workloads,
    loops: some("--loops", flags.loops, loops) ?? usual.loops,
    workers: workers ?? usual.workers,
    users: users ?? usual.users,
    rounds: rounds ?? usual.rounds,
    roundsAt16: rounds ?? usual.roundsAt16,
    seconds: seconds ?? usual.seconds,
  };
}

function servicesOf({ postgres, redis, rabbitmq, kafka }: StudyFlags): Services {
  const { env } = process;
  return {
    postgres: postgres ?? env.MILLRACE_TEST_POSTGRES ?? null,
    redis: redis ?? env.MILLRACE_TEST_REDIS ?? null,
    rabbitmq: rabbitmq ?? env.MILLRACE_TEST_AMQP ?? null,
    kafka: kafka ?? env.MILLRACE_TEST_KAFKA ?? null,
  };
}
