import { Command } from "commander";
import { version } from "../compose/version.ts";
import { addBackup } from "./backup.ts";
import { addClientFlags } from "./client/flags.ts";
import { addCompletion } from "./completion.ts";
import { addConvertFlags } from "./convert/flags.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addConfigFlags, addListenFlags } from "./flags.ts";
import { addJobs } from "./jobs.ts";
import { addNew } from "./new.ts";
import { exitCode, exitCodeTable } from "./output.ts";
import { addPipelines } from "./pipelines.ts";
import { addRoles } from "./roles.ts";
import { addSchedules } from "./schedules.ts";
import { addStart } from "./start.ts";
import { addUsers } from "./users.ts";
import { wholeNumber } from "./values.ts";

const HELP_GROUP = "Checks and help:";

const EXAMPLES = `
Examples:
  millrace new my-project                               a project with a pipeline of your own
  millrace start                                        the page and the API on http://127.0.0.1:8080
  millrace convert photos/ --to webp --width 1280       a folder of pictures, with no server
  millrace run image.convert a.jpg --option width=800 --out small
                                                        one job on a running server, from start to end
  millrace jobs --state failed                          what went wrong on a running server
  millrace doctor                                       is everything in place?

Settings come from flags, then the environment, then millrace.config.ts; \`millrace doctor\` shows them.

Exit codes:
${exitCodeTable}`;

const CONVERT_EXAMPLES = `
Examples:
  millrace convert *.jpg --to webp --width 1280
  millrace convert holiday/ --to avif --quality 60 --out small
  millrace convert "scans/**/*.tif" --to jpeg --watermark "© Ada Photo" --json
  millrace convert *.png --server http://127.0.0.1:8080
  millrace convert https://example.org/photo.jpg --to avif

Results are written below --out with the folders of what was given; files that are there are never
replaced without --force. Without --server the engine runs here, for as long as the command does.`;

const RUN_EXAMPLES = `
Examples:
  millrace run image.convert photos/*.jpg --option format=webp --option width=1280 --out small
  millrace run image.convert a.jpg --option watermark.image=@logo.png --out marked
  millrace run reports --option month=2030-01 --detach
  millrace run invoices --data customers.csv

What is JSON counts as such (80, true, ["a"]), anything else as text; @ sends a file. A dot leads
into an option. A CSV has names in its first row, and its cells become what the pipeline's schema says.
Ctrl-C cancels the job. \`millrace pipelines show NAME\` lists the options.`;

/** The `millrace` command. What a command needs is loaded when it runs. */
export function createProgram(): Command {
  const program = new Command("millrace")
    .description("Heavy image, document and AI work behind an HTTP API that never stalls.")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpCommand(
      new Command("help").argument("[command]").description("print help for a command").helpGroup(HELP_GROUP),
    )
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 110), showGlobalOptions: false })
    .showSuggestionAfterError()
    .showHelpAfterError("Add --help to see how it is used.")
    .addHelpText("after", EXAMPLES)
    .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage));

  program.commandsGroup("Run it:");
  addNew(program);
  addStart(program);
  addRoles(program);
  program.commandsGroup("Work:");
  addConvert(program);
  addRun(program);
  program.commandsGroup("Look after a running server:");
  addJobs(program);
  addSchedules(program);
  addDeadLetters(program);
  addPipelines(program);
  addUsers(program);
  program.commandsGroup("Keep its data:");
  addBackup(program);
  program.commandsGroup(HELP_GROUP);
  addDoctor(program);
  addCompletion(program);
  return program;
}

function addConvert(program: Command): void {
  addConvertFlags(program.command("convert <files...>"))
    .description("convert pictures: files, folders, globs or URLs")
    .optionsGroup("Where and how:")
    .option("--out <folder>", "where results are written", "converted")
    .option("--force", "replace files that are there")
    .option("--server <url>", "let a running Millrace do the work, instead of this machine alone")
    .option("--workers <n>", "worker processes without a server, by default one for each core")
    .option("--json", "print one JSON document")
    .addHelpText("after", CONVERT_EXAMPLES)
    .action(async (files, flags) => (await import("./convert/command.ts")).convert(files, flags));
}

function addRun(program: Command): void {
  const collect = (value: string, values: string[]) => [...values, value];
  addClientFlags(program.command("run <pipeline> [files...]"))
    .description("run a job of any pipeline on a running server, and fetch what it wrote")
    .option("--option <name=value>", "an option of the pipeline; may be repeated", collect, [])
    .option("--metadata <name=value>", "a text that comes back in the job; may be repeated", collect, [])
    .option(
      "--data <file>",
      "items of data instead of files: CSV or NDJSON; - reads NDJSON from standard input",
    )
    .option("--priority <n>", "0 to 9, higher runs first", wholeNumber(0, 9))
    .option("--start-at <time>", "not before this time, such as 2030-01-31T08:00:00Z")
    .option("--idempotency-key <key>", "the same key makes no second job, for 24 hours")
    .option("--out <folder>", "fetch the files that it wrote")
    .option("--force", "replace files that are there")
    .option("--detach", "print the job's id, and do not wait")
    .addHelpText("after", RUN_EXAMPLES)
    .action(async (pipeline, files, flags) => (await import("./run/command.ts")).run(pipeline, files, flags));
}

function addDoctor(program: Command): void {
  addListenFlags(addConfigFlags(program.command("doctor")))
    .description("check everything that a start needs, and say what to do")
    .option("--json", "print one JSON document")
    .action(async (flags, command) => (await import("./doctor/command.ts")).doctor(flags, command));
}
