import type { Command } from "commander";
import type { Attempt, Client, DeadLetter } from "../client/index.ts";
import { isUnexpected } from "../domain/unexpected.ts";
import { MillraceError } from "../errors.ts";
import { ago, seconds } from "./amounts.ts";
import { addClientFlags, type ClientFlags, nextCommand, printMore, serverOf } from "./client/flags.ts";
import { exitCode, messageOf, printJson, usageError } from "./output.ts";
import { printable, table } from "./table.ts";
import { wholeNumber } from "./values.ts";

interface Filters {
  queue?: string;
  pipeline?: string;
  code?: string;
  job?: string;
}

interface ListFlags extends ClientFlags, Filters {
  limit: number;
  cursor?: string;
}

interface ReplayFlags extends ClientFlags, Filters {
  all?: boolean;
  limit: number;
  perSecond: number;
}

export function addDeadLetters(program: Command): void {
  const letters = program
    .command("dead-letters")
    .description("list, show and replay tasks that failed permanently");

  addFilters(addClientFlags(letters.command("list", { isDefault: true })))
    .description("list dead letters, newest first")
    .option("--limit <n>", "maximum number to list, up to 100", wholeNumber(1, 100), 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(list);

  addClientFlags(letters.command("show <task>")).description("show a dead letter and its cause").action(show);

  addFilters(addClientFlags(letters.command("replay [tasks...]")))
    .description("replay tasks after their cause is fixed")
    .option("--all", "replay all that match the filters; stops when the same error comes back")
    .option("--limit <n>", "with --all: maximum number, up to 1000", wholeNumber(1, 1_000), 100)
    .option("--per-second <n>", "with --all: rate, up to 100", wholeNumber(1, 100), 20)
    .action(replay);
}

function addFilters(command: Command): Command {
  return command
    .option("--queue <name>", "only those of this queue, such as image.convert/convert")
    .option("--pipeline <name>", "only those of this pipeline")
    .option("--code <code>", "only those with this error code")
    .option("--job <id>", "only those of this job");
}

function filtersOf({ queue, pipeline, code, job }: Filters) {
  return { queue, pipeline, code, jobId: job };
}

async function list(flags: ListFlags): Promise<void> {
  const { limit, cursor } = flags;
  const page = await serverOf(flags).admin.deadLetters({ ...filtersOf(flags), limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("There are no dead letters.");
  const rows = page.items.map((letter) => [
    letter.taskId,
    `${letter.pipeline} ${letter.step}`,
    letter.name,
    String(letter.attempt),
    letter.error?.code ?? "",
    letter.error?.message ?? "",
    ago(letter.finishedAt),
  ]);
  const heads = ["task", "step", "file", "attempts", "code", "error", "when"];
  const columns = heads.map((head) => ({ head }));
  console.log(table(columns, rows));
  printMore("dead-letters list", page, flags);
}

async function show(task: string, flags: ClientFlags): Promise<void> {
  const jobId = task.split(".")[0]!;
  const server = serverOf(flags);
  let found: DeadLetter | undefined;
  for (let cursor: string | undefined; !found; ) {
    const page = await server.admin.deadLetters({ jobId, limit: 100, cursor });
    found = page.items.find((letter) => letter.taskId === task);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  if (!found) throw new MillraceError("not_found", `There is no dead letter ${task}.`);
  if (flags.json) return printJson(found);
  const facts: [string, string][] = [
    ["Task", found.taskId],
    ["Job", found.jobId],
    ["Step", `${found.pipeline} ${found.step} (queue ${found.queue})`],
    ["Item", found.index === null ? "the whole job" : `${found.index} ${found.name}`],
    ...(found.part === null ? [] : [["Part", String(found.part)] as [string, string]]),
    ["Attempts", String(found.attempt)],
    ["Worker deaths", String(found.deaths)],
    ["Error", found.error === null ? "" : `${found.error.code}: ${found.error.message}`],
    ["Ended", `${found.finishedAt ?? ""} (${ago(found.finishedAt)})`],
  ];
  for (const line of found.error?.detail?.split("\n") ?? []) facts.push(["", line]);
  for (const [name, value] of facts) console.log(`${name.padEnd(15)}${printable(value)}`);
  printAttempts(await attemptsAt(server, found));
  console.log(`\nReplay it with: ${nextCommand(`dead-letters replay ${found.taskId}`, flags)}`);
  if (isUnexpected(found.error))
    console.log("If you fixed the code of the step, restart Millrace first: it loads code when it starts.");
}

/** The latest attempts at a dead letter's task. */
async function attemptsAt(server: Client, { jobId, taskId, index, part }: DeadLetter): Promise<Attempt[]> {
  const filter = index === null ? { limit: 1 } : { index, ...(part !== null && { part }) };
  const { items } = await server.admin.timeline(jobId, filter);
  return items.filter((attempt) => attempt.taskId === taskId);
}

function printAttempts(attempts: readonly Attempt[]): void {
  if (attempts.length === 0) return;
  const columns = ["step", "attempt", "run", "outcome", "started", "took", "worker", "error"];
  const rows = attempts.map(({ step, attempt, run, outcome, startedAt, ms, worker, error }) => [
    step,
    String(attempt),
    String(run),
    outcome,
    startedAt ?? "",
    ms === null ? "" : seconds(ms),
    worker ?? "",
    error?.message ?? "",
  ]);
  console.log(
    `\n${table(
      columns.map((head) => ({ head })),
      rows,
    )}`,
  );
  for (const { step, attempt, error } of attempts.slice(0, -1)) {
    if (!error?.detail) continue;
    console.log(`\nAttempt ${attempt} at ${step}:`);
    for (const line of error.detail.split("\n")) console.log(`  ${printable(line)}`);
  }
}

async function replay(tasks: string[], flags: ReplayFlags): Promise<void> {
  if (flags.all && tasks.length > 0) throw usageError("Name the tasks to replay or use --all, not both.");
  if (flags.all) return replayAll(flags);
  if (tasks.length === 0) throw usageError("Name the tasks to replay, or use --all.");
  const server = serverOf(flags);
  const items: { taskId: string; error?: string }[] = [];
  for (const taskId of tasks) {
    try {
      await server.admin.replay(taskId);
      items.push({ taskId });
    } catch (error) {
      items.push({ taskId, error: messageOf(error) });
    }
  }
  if (items.some((item) => item.error !== undefined)) process.exitCode = exitCode.failed;
  if (flags.json) return printJson({ items });
  for (const { taskId, error } of items) {
    if (error === undefined) console.log(`${taskId}  replayed`);
    else console.error(`millrace: ${taskId}: ${error}`);
  }
}

async function replayAll(flags: ReplayFlags): Promise<void> {
  const body = { ...filtersOf(flags), limit: flags.limit, perSecond: flags.perSecond };
  const result = await serverOf(flags).admin.replayMany(body);
  if (result.stoppedBy !== null) process.exitCode = exitCode.failed;
  if (flags.json) return printJson(result);
  const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : "";
  console.log(`${result.replayed} of ${result.matched} replayed${skipped}.`);
  if (result.stoppedBy !== null) {
    console.error(`millrace: Stopped because ${result.stoppedBy} came back. Its cause is not fixed yet.`);
  }
}
