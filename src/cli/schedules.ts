import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { ago } from "./amounts.ts";
import { addClientFlags, type ClientFlags, serverOf } from "./client/flags.ts";
import { printJson, usageError } from "./output.ts";
import { printable, table } from "./table.ts";

interface Schedule {
  id: string;
  owner: string;
  name: string;
  pipeline: string;
  options: unknown;
  items: unknown[];
  cron: string | null;
  timeZone: string | null;
  everySeconds: number | null;
  missed: string;
  overlap: string;
  paused: boolean;
  next: string[];
  last: { dueAt: string; outcome: string; error: { message: string } | null } | null;
  lastJobId: string | null;
}

interface Page {
  items: Schedule[];
  nextCursor: string | null;
}

interface AllFlags extends ClientFlags {
  all?: boolean;
}

interface AddFlags extends ClientFlags {
  name?: string;
  cron?: string;
  timeZone?: string;
  every?: string;
  options?: string;
  data?: string;
  missed?: string;
  overlap?: string;
}

export function addSchedules(program: Command): void {
  const schedules = program
    .command("schedules")
    .description("jobs that start by themselves, by cron or interval");
  const all = (command: Command) =>
    addClientFlags(command).option("--all", "those of everyone and of pipelines, as an operator");

  all(schedules.command("list", { isDefault: true }))
    .description("your schedules, with their next due times")
    .option("--limit <n>", "at most so many, up to 100", "20")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(list);

  addClientFlags(schedules.command("add <pipeline>"))
    .description("start a job of a pipeline at times of its own")
    .option("--name <name>", "shown in lists")
    .option("--cron <expression>", 'such as "30 2 * * 1-5"')
    .option("--time-zone <zone>", "in which the expression is read, such as Europe/Berlin", "UTC")
    .option("--every <seconds>", "instead of --cron")
    .option("--options <json>", "options of each job")
    .option("--data <file>", "items of data of each job: NDJSON, one in each line")
    .option("--missed <rule>", "due times that passed while nothing ran: once or skip", "once")
    .option("--overlap <rule>", "when the last job has not ended: skip or queue", "skip")
    .action(add);

  all(schedules.command("show <id>")).description("a schedule").action(show);
  for (const [name, description] of [
    ["pause", "start no more jobs"],
    ["resume", "start jobs again, from the next due time on"],
  ] as const) {
    all(schedules.command(`${name} <id>`))
      .description(description)
      .action(async (id: string, flags: AllFlags) => {
        print(await ask<Schedule>(flags, `${pathOf(flags, id)}/${name}`, {}), flags);
      });
  }
  all(schedules.command("run <id>"))
    .description("start a job now")
    .action(async (id: string, flags: AllFlags) => {
      const started = await ask<{ jobId: string }>(flags, `${pathOf(flags, id)}/run`, {});
      if (flags.json) return printJson(started);
      console.log(started.jobId);
    });
  addClientFlags(schedules.command("rm <id>"))
    .description("forget a schedule; its jobs stay")
    .action(async (id: string, flags: ClientFlags) => {
      await serverOf(flags).request(pathOf(flags, id), { method: "DELETE" });
      if (flags.json) return printJson({ id, removed: true });
      console.log(`${id}  removed`);
    });
}

async function list({
  limit,
  cursor,
  ...flags
}: AllFlags & { limit: string; cursor?: string }): Promise<void> {
  const page = await ask<Page>(
    flags,
    `${pathOf(flags)}?${new URLSearchParams({ limit, ...(cursor && { cursor }) })}`,
  );
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
  if (page.nextCursor !== null) console.log(`\nMore: millrace schedules list --cursor ${page.nextCursor}`);
}

async function add(pipeline: string, flags: AddFlags): Promise<void> {
  const { name, cron, timeZone, every, options, data, missed, overlap } = flags;
  if ((cron === undefined) === (every === undefined)) throw usageError("Say either --cron or --every.");
  const made = await ask<Schedule>(flags, "/v1/schedules", {
    pipeline,
    name,
    ...(cron === undefined ? { everySeconds: Number(every) } : { cron, timeZone }),
    options: options === undefined ? undefined : parsed("--options", options),
    items: data === undefined ? undefined : await readItems(data),
    missed,
    overlap,
  });
  print(made, flags);
}

async function show(id: string, flags: AllFlags): Promise<void> {
  print(await ask<Schedule>(flags, pathOf(flags, id)), flags);
}

/** @param body of a POST; a GET has none */
async function ask<T>(flags: ClientFlags, path: string, body?: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const init = body && { method: "POST", headers, body: JSON.stringify(body) };
  return (await (await serverOf(flags).request(path, init)).json()) as T;
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

function pathOf({ all }: AllFlags, id?: string): string {
  const base = all ? "/v1/admin/schedules" : "/v1/schedules";
  return id === undefined ? base : `${base}/${encodeURIComponent(id)}`;
}

/** One item in each line: its data. */
async function readItems(path: string): Promise<{ data: unknown }[]> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw usageError(`${path} cannot be read: ${error.message}`);
  });
  return text
    .split("\n")
    .map((line, n) => ({ line: line.trim(), n }))
    .filter(({ line }) => line !== "")
    .map(({ line, n }) => ({ data: parsed(`${path}, line ${n + 1},`, line) }));
}

function parsed(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`${what} is not valid JSON.`);
  }
}
