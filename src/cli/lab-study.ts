import type { Command } from "commander";
import { wholeNumber } from "./values.ts";

const STUDY_EXAMPLES = `
Examples:
  millrace lab study --quick                            within ten minutes on two cores
  millrace lab study                                    everything: a night. Ctrl-C, and later go on
  millrace lab study --workloads document.ocr --file contract.pdf --architectures V0,V5

What is measured already in the folder is not measured again. V3 to V6 need PostgreSQL, V4 to V6 their broker
besides: name them by flags or in the environment, as \`npm run services\` prints it. What is not there is left
out, and the report says so.`;

const numbers = (text: string) => text.split(",").map(wholeNumber(1, 1_000));

export function addStudy(lab: Command): void {
  lab
    .command("study")
    .description("the same work behind seven architectures, measured and compared")
    .option("--quick", "a small part of it, within ten minutes on two cores")
    .option("--out <folder>", "where records and report are written", "study")
    .option("--architectures <names>", "such as V0,V5")
    .option("--workloads <names>", "document.ocr, sleep, spin, exclusive, image.convert")
    .option("--workers <n,…>", "numbers of workers", numbers)
    .option("--users <n,…>", "numbers of virtual users", numbers)
    .option("--loops <names>", "poll, closed, open")
    .option("--rounds <n>", "rounds of every cell", wholeNumber(1, 100))
    .option("--seconds <n>", "length of a closed or open loop", wholeNumber(1, 3_600))
    .option("--file <file>", "what is read or converted, instead of what comes along")
    .option("--sleep <ms>", "what a request of sleep or exclusive takes", wholeNumber(1, 3_600_000), 500)
    .option("--seed <n>", "of the times at which requests come", wholeNumber(0, 2 ** 31), 1)
    .option("--postgres <url>", "PostgreSQL (MILLRACE_TEST_POSTGRES)")
    .option("--redis <url>", "Redis (MILLRACE_TEST_REDIS)")
    .option("--rabbitmq <url>", "RabbitMQ (MILLRACE_TEST_AMQP)")
    .option("--kafka <url>", "Kafka (MILLRACE_TEST_KAFKA)")
    .addHelpText("after", STUDY_EXAMPLES)
    .action(async (flags) => (await import("./lab/study.ts")).study(flags));
}
