import { type Command, Option } from "commander";
import type { AnySchedules, Schedule } from "../client/index.ts";
import { missedRules, overlapRules } from "../domain/schedules.ts";
import { ago } from "./amounts.ts";
import { addClientFlags, type ClientFlags, printMore, serverOf } from "./client/flags.ts";
import { pipelineNamed } from "./client/pipelines.ts";
import { scheduleIdOf } from "./client/schedule-ids.ts";
import { dataItemsOf } from "./data-items.ts";
import { printJson, usageError } from "./output.ts";
import { optionsOf } from "./run/options.ts";
import { printable, table } from "./table.ts";
import { repeatable, wholeNumber } from "./values.ts";

interface AllFlags extends ClientFlags {
  all?: boolean;
}

interface ListFlags extends AllFlags {
  limit: number;
  cursor?: string;
}

interface SpecFlags extends ClientFlags {
  name?: string;
  cron?: string;
  timeZone?: string;
  every?: number;
  options?: string;
  option: string[];
  data?: string;
  missed?: Schedule["missed"];
  overlap?: Schedule["overlap"];
}

const LONGEST_S = 366 * 24 * 3_600;

export function addSchedules(program: Command): void {
  const schedules = program
    .command("schedules")
    .description("manage jobs that start automatically, by cron or at an interval");
  const all = (command: Command) =>
    addClientFlags(command).option("--all", "those of all users and pipelines (operators only)");

  all(schedules.command("list", { isDefault: true }))
    .description("list your schedules with their next due times")
    .option("--limit <n>", "maximum number to list, up to 100", wholeNumber(1, 100), 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(list);

  addSpecFlags(schedules.command("add <pipeline>")).description("create a schedule").action(add);
  addSpecFlags(schedules.command("change <id>"))
    .description("change a schedule; omitted values are kept")
    .action(change);

  all(schedules.command("show <id>"))
    .description("show a schedule")
    .action(act((one, id) => one.get(id)));
  all(schedules.command("pause <id>"))
    .description("pause a schedule")
    .action(act((one, id) => one.pause(id)));
  all(schedules.command("resume <id>"))
    .description("resume a schedule from its next due time")
    .action(act((one, id) => one.resume(id)));
  all(schedules.command("run <id>")).description("run a schedule now").action(run);
  addClientFlags(schedules.command("rm <id>"))
    .description("delete a schedule; its jobs are kept")
    .action(remove);
}

function addSpecFlags(command: Command): Command {
  return addClientFlags(command)
    .option("--name <name>", "shown in lists")
    .option("--cron <expression>", 'such as "30 2 * * 1-5"')
    .option("--time-zone <zone>", "time zone of the expression, such as Europe/Berlin; UTC by default")
    .option("--every <seconds>", "interval, instead of --cron", wholeNumber(1, LONGEST_S))
    .option("--option <name=value>", "an option of each job; can be repeated", repeatable, [])
    .option("--options <json>", "all options as one JSON object")
    .option("--data <file>", "items of data for each job: CSV or NDJSON; - reads NDJSON from standard input")
    .addOption(
      new Option(
        "--missed <rule>",
        "what to do about due times that passed while the server was not running; once by default",
      ).choices(missedRules),
    )
    .addOption(
      new Option("--overlap <rule>", "what to do if the last job is still running; skip by default").choices(
        overlapRules,
      ),
    );
}

async function list({ limit, cursor, ...flags }: ListFlags): Promise<void> {
  const page = await schedulesOf(flags).list({ limit, cursor });
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("There are no schedules yet.");
  const rows = page.items.map((one) => [
    one.id,
    one.name,
    one.pipeline,
    timingOf(one),
    one.paused ? "paused" : (one.next[0] ?? ""),
    one.last ? `${one.last.outcome} ${ago(one.last.dueAt)}` : "",
  ]);
  const columns = ["id", "name", "pipeline", "when", "next", "last"].map((head) => ({ head }));
  console.log(table(columns, rows));
  printMore("schedules list", page, flags);
}

async function add(pipeline: string, flags: SpecFlags): Promise<void> {
  const { cron, every, timeZone } = flags;
  if ((cron === undefined) === (every === undefined)) throw usageError("Use either --cron or --every.");
  const timing = every === undefined ? { cron: cron!, timeZone } : { everySeconds: every };
  const spec = await specOf(pipeline, flags);
  print(await serverOf(flags).schedules.create(pipeline, { ...spec, ...timing }), flags);
}

async function change(given: string, flags: SpecFlags): Promise<void> {
  const { schedules } = serverOf(flags);
  const { cron, every, timeZone } = flags;
  if (cron !== undefined && every !== undefined) throw usageError("Use either --cron or --every.");
  const id = await scheduleIdOf(schedules, given);
  const { pipeline } = await schedules.get(id);
  const timing = { cron, timeZone, everySeconds: every };
  print(await schedules.change(id, { ...(await specOf(pipeline, flags)), ...timing }), flags);
}

/** Builds the specification of scheduled jobs from the flags that are set. */
async function specOf(
  pipeline: string,
  { name, option, options: whole, data, missed, overlap, ...flags }: SpecFlags,
) {
  const items =
    data === undefined
      ? undefined
      : await dataItemsOf(data, await pipelineNamed(serverOf(flags), pipeline, flags));
  const isGiven = whole !== undefined || option.length > 0;
  const options = isGiven ? { ...parsedOptions(whole ?? "{}"), ...(await optionsOf(option)) } : undefined;
  return { name, options, items, missed, overlap };
}

function parsedOptions(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError("--options must be valid JSON.");
  }
}

async function run(given: string, flags: AllFlags): Promise<void> {
  const schedules = schedulesOf(flags);
  const started = await schedules.run(await scheduleIdOf(schedules, given));
  if (flags.json) return printJson(started);
  console.log(started.jobId);
}

async function remove(given: string, flags: ClientFlags): Promise<void> {
  const { schedules } = serverOf(flags);
  const id = await scheduleIdOf(schedules, given);
  await schedules.remove(id);
  if (flags.json) return printJson({ id, removed: true });
  console.log(`${id}  removed`);
}

/** A command that changes a schedule and prints it. */
function act(work: (schedules: AnySchedules, id: string) => Promise<Schedule>) {
  return async (given: string, flags: AllFlags) => {
    const schedules = schedulesOf(flags);
    print(await work(schedules, await scheduleIdOf(schedules, given)), flags);
  };
}

function schedulesOf({ all, ...flags }: AllFlags): AnySchedules {
  const server = serverOf(flags);
  return all ? server.admin.schedules : server.schedules;
}

function print(schedule: Schedule, flags: ClientFlags): void {
  if (flags.json) return printJson(schedule);
  const { last, next } = schedule;
  const facts: [string, string][] = [
    ["Schedule", schedule.id],
    ["Name", schedule.name],
    ["Owner", schedule.owner],
    ["Pipeline", schedule.pipeline],
    ["When", timingOf(schedule)],
    ["State", schedule.paused ? "paused" : "active"],
    ...next.map((time): [string, string] => ["Next", time]),
    ["Last", last ? `${last.outcome}, due ${last.dueAt}` : ""],
    ["Error", last?.error?.message ?? ""],
    ["Last job", schedule.lastJobId ?? ""],
    ["Missed, overlap", `${schedule.missed}, ${schedule.overlap}`],
    ["Options", JSON.stringify(schedule.options)],
    ["Items", schedule.items.length > 0 ? String(schedule.items.length) : ""],
  ];
  for (const [name, value] of facts) if (value !== "") console.log(`${name.padEnd(18)}${printable(value)}`);
}

function timingOf({ cron, timeZone, everySeconds }: Schedule): string {
  return cron === null ? `every ${everySeconds} s` : `${cron} (${timeZone})`;
}
