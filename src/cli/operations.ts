import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { NewOperation, Operation, OperationFilter } from "../client/index.ts";
import { ago } from "./amounts.ts";
import { addClientFlags, type ClientFlags, nextCommand, serverOf } from "./client/flags.ts";
import { exitCode, printJson, usageError } from "./output.ts";
import { printable, table } from "./table.ts";
import { wholeNumber } from "./values.ts";

const WATCH_MS = 500;

interface StartFlags extends ClientFlags {
  queue?: string;
  pipeline?: string;
  owner?: string;
  code?: string;
  job?: string;
  state?: string;
  text?: string;
  options?: string;
  dryRun?: boolean;
  canary: number;
  perSecond: number;
  stopAfter: number;
  most?: number;
  watch?: boolean;
}

export function addOperations(program: Command): void {
  const operations = program
    .command("operations")
    .description("replay, cancel or delete everything that matches a filter");

  addClientFlags(operations.command("list", { isDefault: true }))
    .description("list operations, newest first")
    .option("--limit <n>", "maximum number to list, up to 100", wholeNumber(1, 100), 20)
    .action(list);

  addClientFlags(operations.command("show <id>"))
    .description("show the progress of an operation")
    .option("--watch", "follow it until it ends")
    .action(show);

  for (const action of ["replay", "cancel", "delete"] as const) addAction(operations, action);

  addClientFlags(operations.command("start <id>"))
    .description("start an operation after its dry run")
    .action(start);
  addClientFlags(operations.command("stop <id>")).description("stop an operation").action(stop);
}

const meanings = {
  replay: "replay dead letters after their cause is fixed",
  cancel: "cancel jobs",
  delete: "delete jobs and their files",
} as const;

function addAction(operations: Command, action: NewOperation["action"]): void {
  const command = addClientFlags(operations.command(action))
    .description(meanings[action])
    .option("--pipeline <name>", "only those of this pipeline")
    .option("--owner <id>", "only those of this user")
    .option("--code <code>", "only those with this error code")
    .option("--dry-run", "only count; start it later with `operations start`")
    .option("--per-second <n>", "rate, up to 100", wholeNumber(1, 100), 20)
    .option("--most <n>", "maximum number to act on", wholeNumber(1, 1_000_000))
    .option("--watch", "follow it until it ends")
    .action((flags: StartFlags) => operate(action, flags));
  if (action === "replay") {
    command
      .option("--queue <name>", "only those of this queue, such as image.convert/convert")
      .option("--job <id>", "only those of this job")
      .option("--options <json>", "options to change; the work then runs in new jobs")
      .option("--canary <n>", "number to run first", wholeNumber(0, 100), 1)
      .option("--stop-after <n>", "stop when this many fail again; 0 means never", wholeNumber(0, 1_000), 3);
  } else {
    command
      .option("--state <states>", "only those in these states, separated by commas")
      .option("--text <text>", "only those with this text in their metadata, an error or a file name");
  }
}

async function operate(action: NewOperation["action"], flags: StartFlags): Promise<void> {
  const { queue, pipeline, owner, code, job, state, text } = flags;
  const isReplay = action === "replay";
  const filter: OperationFilter = {
    ...{ pipeline, owner, code },
    ...(isReplay ? { queue, jobId: job } : { states: state?.split(","), text }),
  };
  const isNarrow = Object.values(filter).some((value) => value !== undefined);
  if (!isNarrow && !isReplay && !flags.dryRun)
    throw usageError("This would affect every job. Add a filter, or use --dry-run first.");
  const made = await serverOf(flags).admin.operate({
    ...{ action, filter, target: isReplay ? "dead-letters" : "jobs" },
    ...{ dryRun: flags.dryRun ?? false, perSecond: flags.perSecond, most: flags.most ?? null },
    ...(isReplay && { options: optionsOf(flags), canary: flags.canary, stopAfter: flags.stopAfter }),
  });
  await report(made, flags);
}

function optionsOf({ options }: StartFlags): Record<string, unknown> | null {
  if (options === undefined) return null;
  try {
    const parsed = JSON.parse(options) as unknown;
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Reported below.
  }
  throw usageError(`--options must be a JSON object, such as '{"quality": 80}'.`);
}

async function list(flags: ClientFlags & { limit: number }): Promise<void> {
  const page = await serverOf(flags).admin.operations({ limit: flags.limit });
  if (flags.json) return printJson(page);
  if (page.items.length === 0) return console.log("There are no operations.");
  const heads = ["operation", "does", "state", "matched", "done", "skipped", "by", "when"];
  const rows = page.items.map((one) => [
    one.id,
    `${one.action} ${one.target}`,
    one.state,
    String(one.matched),
    String(one.done),
    String(one.skipped),
    one.createdBy,
    ago(one.createdAt),
  ]);
  console.log(
    table(
      heads.map((head) => ({ head })),
      rows,
    ),
  );
}

async function show(id: string, flags: ClientFlags & { watch?: boolean }): Promise<void> {
  await report(await serverOf(flags).admin.operation(id), flags);
}

async function start(id: string, flags: ClientFlags): Promise<void> {
  await report(await serverOf(flags).admin.startOperation(id), flags);
}

async function stop(id: string, flags: ClientFlags): Promise<void> {
  await report(await serverOf(flags).admin.stopOperation(id), flags);
}

/** Prints the operation's state, with `--watch` once it has ended. */
async function report(operation: Operation, flags: ClientFlags & { watch?: boolean }): Promise<void> {
  const { admin } = serverOf(flags);
  let now = operation;
  while (flags.watch && ["counting", "canary", "running"].includes(now.state)) {
    await sleep(WATCH_MS);
    now = await admin.operation(now.id);
  }
  if (now.state === "failed" || (flags.watch && now.state === "stopped")) process.exitCode = exitCode.failed;
  if (flags.json) return printJson(now);
  const facts: [string, string][] = [
    ["Operation", now.id],
    ["Does", `${now.action} ${now.target}`],
    ["Filter", JSON.stringify(now.filter)],
    ["State", now.reason === null ? now.state : `${now.state}: ${now.reason}`],
    ["Matched", String(now.matched)],
    ["Done", String(now.done)],
    ["Skipped", `${now.skipped} ${now.skipped > 0 ? JSON.stringify(now.skippedBy) : ""}`.trim()],
    ["Failed again", String(now.returned)],
  ];
  for (const [name, value] of facts) console.log(`${name.padEnd(15)}${printable(value)}`);
  if (now.state === "counted")
    console.log(`\nStart it with: ${nextCommand(`operations start ${now.id}`, flags)}`);
  else if (["counting", "canary", "running"].includes(now.state))
    console.log(`\nFollow it with: ${nextCommand(`operations show ${now.id} --watch`, flags)}`);
}
