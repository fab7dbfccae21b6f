import type { Command } from "commander";
import { wholeNumber } from "./values.ts";

const STUDY_EXAMPLES = `
Examples:
  millrace lab study --quick                            about ten minutes on two cores
  millrace lab study                                    everything, which takes a night. Ctrl-C interrupts it
  millrace lab study --workloads document.ocr --file contract.pdf --architectures V0,V5

The same command continues an interrupted study: it skips everything that the folder already has. V3 to V6 need
PostgreSQL, and V4 to V6 also need their broker. Pass their URLs as flags or in the environment variables that
\`npm run services\` prints. Architectures whose servers are missing are left out, and the report says which.`;

const numbers = (text: string) => text.split(",").map(wholeNumber(1, 1_000));

export function addStudy(lab: Command): void {
  lab
    .command("study")
    .description("measure and compare seven architectures with the same work")
    .option("--quick", "measure a small part, in about ten minutes on two cores")
    .option("--out <folder>", "folder for records and report", "study")
    .option("--architectures <names>", "architectures to measure, such as V0,V5")
    .option("--workloads <names>", "any of document.ocr, sleep, spin, exclusive, image.convert")
    .option("--workers <n,…>", "numbers of workers to compare", numbers)
    .option("--users <n,…>", "numbers of virtual users to compare", numbers)
    .option("--loops <names>", "any of poll, closed, open")
    .option("--rounds <n>", "rounds of each cell", wholeNumber(1, 100))
    .option("--seconds <n>", "length of each closed or open loop", wholeNumber(1, 3_600))
    .option("--file <file>", "file to read or convert, instead of the bundled ones")
    .option("--sleep <ms>", "duration of a request of sleep or exclusive", wholeNumber(1, 3_600_000), 500)
    .option("--seed <n>", "seed of the random arrival times", wholeNumber(0, 2 ** 31), 1)
    .option("--postgres <url>", "URL of PostgreSQL (default: MILLRACE_TEST_POSTGRES)")
    .option("--redis <url>", "URL of Redis (default: MILLRACE_TEST_REDIS)")
    .option("--rabbitmq <url>", "URL of RabbitMQ (default: MILLRACE_TEST_AMQP)")
    .option("--kafka <url>", "URL of Kafka (default: MILLRACE_TEST_KAFKA)")
    .addHelpText("after", STUDY_EXAMPLES)
    .action(async (flags) => (await import("./lab/study.ts")).study(flags));
}
