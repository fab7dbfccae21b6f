import type { Command } from "commander";
import type { Client, Job, JobFile } from "../client/index.ts";
import { jobStates } from "../domain/states.ts";
import { ago, bytes, seconds } from "./amounts.ts";
import { cachedOf } from "./cached.ts";
import { causeHint } from "./causes.ts";
import { addClientFlags, type ClientFlags, printMore, serverOf } from "./client/flags.ts";
import { jobIdOf } from "./client/job-ids.ts";
import { exitCode, messageOf, printJson } from "./output.ts";
import { printable, table } from "./table.ts";
import { someOf, wholeNumber } from "./values.ts";

interface ListFlags extends ClientFlags {
  state?: string;
  pipeline?: string;
  limit: number;
  cursor?: string;
}

export function addJobs(program: Command): void {
  const jobs = program
    .command("jobs")
    .description("list, show, watch, download, cancel, retry and delete jobs");

  addClientFlags(jobs.command("list", { isDefault: true }))
    .description("list your jobs, newest first")
    .option(
      "--state <states>",
      `only these states, separated by commas: ${jobStates.join(", ")}`,
      someOf(jobStates),
    )
    .option("--pipeline <name>", "only those of this pipeline")
    .option("--limit <n>", "maximum number to list, up to 100", wholeNumber(1, 100), 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(list);

  addClientFlags(jobs.command("show <id>")).description("show a job and its items").action(show);

  addClientFlags(jobs.command("watch <id>"))
    .description("follow a job until it ends")
    .action(async (id, flags) => (await import("./follow-job.ts")).watch(id, flags));

  addClientFlags(jobs.command("download <id>"))
    .description("download the files that a job wrote")
    .option("--out <folder>", "target folder, or - for standard output", ".")
    .option("--archive <file>", "write one ZIP instead, or - for standard output")
    .option("--all", "include the files of earlier steps and parts")
    .option("--force", "replace existing files")
    .action(async (id, flags) => (await import("./follow-job.ts")).download(id, flags));

  each(jobs.command("cancel <ids...>"), "cancel jobs", (server, id) => server.cancel(id));
  each(jobs.command("retry <ids...>"), "retry the failed items of jobs", (server, id) => server.retry(id));
  each(jobs.command("rm <ids...>"), "delete jobs and their files", async (server, id) => {
    await server.remove(id);
    return { id, state: "removed" };
  });
}

async function list({ state, pipeline, limit, cursor, ...flags }: ListFlags): Promise<void> {
  const page = await serverOf(flags).jobs({ state, pipeline, limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0)
    return console.log(state || pipeline ? "No jobs match." : "There are no jobs yet.");
  const rows = page.items.map((job) => [
    job.id,
    job.pipeline,
    job.state,
    doneOf(job),
    ago(job.createdAt),
    tookOf(job),
  ]);
  const columns = ["id", "pipeline", "state", "items", "created", "took"].map((head) => ({ head }));
  console.log(table(columns, rows));
  printMore("jobs list", page, flags);
}

async function show(id: string, flags: ClientFlags): Promise<void> {
  const server = serverOf(flags);
  const job = await server.job(await jobIdOf(server, id));
  if (flags.json) return printJson(job);
  const facts: [string, string][] = [
    ["Job", job.id],
    ["Pipeline", `${job.pipeline}, version ${job.pipelineVersion}`],
    ["State", `${job.state} (${[`${doneOf(job)} items`, cachedOf(job)].filter(Boolean).join(", ")})`],
    ["Created", ago(job.createdAt)],
    ["Took", tookOf(job)],
    ["Files kept until", job.expiresAt ?? ""],
    ["Options", JSON.stringify(job.options)],
    ["Waiting", job.waiting ?? ""],
    ["Result", resultOf(job)],
    ["Files", job.outputs.map(fileOf).join(", ")],
    ["Started by", job.parent ? `the step ${job.parent.step} of ${job.parent.jobId}` : ""],
    ["Started", startedBy([job, ...job.items])],
    ["Error", job.error?.message ?? ""],
    ...job.warnings.map(({ message }): [string, string] => ["Warning", message]),
  ];
  for (const [name, value] of facts) if (value !== "") console.log(`${name.padEnd(18)}${printable(value)}`);
  if (job.items.length > 0) printItems(job);
  const hint = causeHint(job, job.items, flags);
  if (hint !== null) console.log(`\n${hint}`);
}

function printItems(job: Job): void {
  const rows = job.items.map((item) => [
    String(item.index),
    item.name,
    stateOf(item),
    item.step ?? "",
    inputOf(item),
    item.error?.message ?? item.outputs.map(fileOf).join(", "),
  ]);
  const columns = ["", "name", "state", "step", "input", "result"].map((head) => ({ head }));
  console.log(`\n${table(columns, rows)}`);
  const warnings = job.items.flatMap(({ name, index, warnings: own }) =>
    own.map(({ message }) => `warning: ${printable(`${name || index}: ${message}`)}`),
  );
  if (warnings.length > 0) console.log(`\n${warnings.join("\n")}`);
  if (job.progress.total > job.items.length)
    console.log(`\n… and ${job.progress.total - job.items.length} more.`);
}

function fileOf(file: JobFile): string {
  return `${file.name} (${bytes(file.bytes)})`;
}

function stateOf({ state, cached, parts }: Job["items"][number]): string {
  if (parts.total === 0) return cached ? `${state} (cached)` : state;
  const failed = parts.failed > 0 ? `, ${parts.failed} failed` : "";
  return `${state} (${parts.done + parts.failed} of ${parts.total} parts${failed})`;
}

/** A command that applies to several jobs. Continues with the others if one is rejected. */
function each(
  command: Command,
  description: string,
  act: (server: Client, id: string) => Promise<{ id: string; state: string }>,
): void {
  addClientFlags(command)
    .description(description)
    .action(async (ids: string[], flags: ClientFlags) => {
      const server = serverOf(flags);
      const items: { id: string; state?: string; error?: string }[] = [];
      for (const given of ids) {
        try {
          const { id, state } = await act(server, await jobIdOf(server, given));
          items.push({ id, state });
        } catch (error) {
          items.push({ id: given, error: messageOf(error) });
        }
      }
      if (items.some((item) => item.error !== undefined)) process.exitCode = exitCode.failed;
      if (flags.json) return printJson({ items });
      for (const { id, state, error } of items) {
        if (error === undefined) console.log(`${id}  ${state}`);
        else console.error(`millrace: ${id}: ${error}`);
      }
    });
}

const DATA_CHARACTERS = 40;

/** Size of the input file, or the beginning of the data. */
function inputOf({ input, data, dataFile }: Job["items"][number]): string {
  const file = input ?? dataFile;
  if (file) return bytes(file.bytes);
  const text = data === null ? "" : JSON.stringify(data);
  return text.length > DATA_CHARACTERS ? `${text.slice(0, DATA_CHARACTERS)}…` : text;
}

/** Jobs that the steps started. */
function startedBy(parts: readonly Pick<Job, "children">[]): string {
  return parts
    .flatMap(({ children }) => children.map(({ pipeline, jobId }) => `${pipeline} ${jobId}`))
    .join(", ");
}

function doneOf({ progress }: Job): string {
  const { done, total, failed } = progress;
  return `${done}/${total}${failed > 0 ? `, ${failed} failed` : ""}`;
}

function tookOf({ startedAt, finishedAt }: Job): string {
  if (startedAt === null) return "";
  const end = finishedAt === null ? Date.now() : Date.parse(finishedAt);
  return seconds(end - Date.parse(startedAt));
}

/** A large result is stored as a file, so this shows its size and where to download it. */
function resultOf({ result, resultFile }: Job): string {
  if (resultFile) return `${bytes(resultFile.bytes)} of JSON, at /v1/artifacts/${resultFile.artifactId}`;
  return result === null ? "" : JSON.stringify(result);
}
