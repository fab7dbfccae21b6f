import type { Command } from "commander";
import type { Client, Job, JobFile } from "../client/index.ts";
import { jobStates } from "../domain/states.ts";
import { ago, bytes, seconds } from "./amounts.ts";
import { addClientFlags, type ClientFlags, serverOf } from "./client/flags.ts";
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
    .description("list, show, watch, fetch, cancel, retry and remove the jobs of a running server");

  addClientFlags(jobs.command("list", { isDefault: true }))
    .description("your jobs, newest first")
    .option(
      "--state <states>",
      `only those in some of these states: ${jobStates.join(", ")}`,
      someOf(jobStates),
    )
    .option("--pipeline <name>", "only those of one pipeline")
    .option("--limit <n>", "at most so many, up to 100", wholeNumber(1, 100), 20)
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(list);

  addClientFlags(jobs.command("show <id>")).description("a job and its items").action(show);

  addClientFlags(jobs.command("watch <id>"))
    .description("follow a job until it has ended")
    .action(async (id, flags) => (await import("./follow-job.ts")).watch(id, flags));

  addClientFlags(jobs.command("download <id>"))
    .description("fetch the files that a job wrote")
    .option("--out <folder>", "where they are written", ".")
    .option("--archive <file>", "all of them as one ZIP instead")
    .option("--all", "also what earlier steps and parts wrote")
    .option("--force", "replace files that are there")
    .action(async (id, flags) => (await import("./follow-job.ts")).download(id, flags));

  each(jobs.command("cancel <ids...>"), "stop what has not ended", (server, id) => server.cancel(id));
  each(jobs.command("retry <ids...>"), "run the failed items again", (server, id) => server.retry(id));
  each(jobs.command("rm <ids...>"), "forget jobs and their files", async (server, id) => {
    await server.remove(id);
    return { id, state: "removed" };
  });
}

async function list({ state, pipeline, limit, cursor, ...flags }: ListFlags): Promise<void> {
  const page = await serverOf(flags).jobs({ state, pipeline, limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0)
    return console.log(state || pipeline ? "There are no such jobs." : "There are no jobs yet.");
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
  if (page.nextCursor !== null) console.log(`\nMore: millrace jobs list --cursor ${page.nextCursor}`);
}

async function show(id: string, flags: ClientFlags): Promise<void> {
  const server = serverOf(flags);
  const job = await server.job(await jobIdOf(server, id));
  if (flags.json) return printJson(job);
  const facts: [string, string][] = [
    ["Job", job.id],
    ["Pipeline", `${job.pipeline}, version ${job.pipelineVersion}`],
    ["State", `${job.state} (${doneOf(job)} items)`],
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
  if (job.items.length === 0) return;
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

function stateOf({ state, parts }: Job["items"][number]): string {
  if (parts.total === 0) return state;
  const failed = parts.failed > 0 ? `, ${parts.failed} failed` : "";
  return `${state} (${parts.done + parts.failed} of ${parts.total} parts${failed})`;
}

/** A command that does the same to every job named; those that are refused do not hold up the others. */
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

/** The size of its file, or the beginning of its data. */
function inputOf({ input, data, dataFile }: Job["items"][number]): string {
  const file = input ?? dataFile;
  if (file) return bytes(file.bytes);
  const text = data === null ? "" : JSON.stringify(data);
  return text.length > DATA_CHARACTERS ? `${text.slice(0, DATA_CHARACTERS)}…` : text;
}

/** Jobs that its steps started. */
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

/** A large result is a file: how large, and what fetches it. */
function resultOf({ result, resultFile }: Job): string {
  if (resultFile) return `${bytes(resultFile.bytes)} of JSON, at /v1/artifacts/${resultFile.artifactId}`;
  return result === null ? "" : JSON.stringify(result);
}
