import { Command } from "commander";
import { version } from "../compose/version.ts";
import { addBackup } from "./backup.ts";
import { addBroker } from "./broker.ts";
import { addClientFlags } from "./client/flags.ts";
import { addCompletion } from "./completion.ts";
import { addConvertFlags } from "./convert/flags.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addConfigFlags, addListenFlags } from "./flags.ts";
import { addJobs } from "./jobs.ts";
import { addLab } from "./lab.ts";
import { addNew } from "./new.ts";
import { addOperations } from "./operations.ts";
import { exitCode, exitCodeTable } from "./output.ts";
import { addPipelines } from "./pipelines.ts";
import { refuseRepeatedFlags } from "./repeated-flags.ts";
import { addRoles } from "./roles.ts";
import { addSchedules } from "./schedules.ts";
import { addStart } from "./start.ts";
import { addUsers } from "./users.ts";
import { repeatable, wholeNumber } from "./values.ts";
import { addWebhooks } from "./webhooks.ts";

const HELP_GROUP = "Checks and help:";

const EXAMPLES = `
Examples:
  millrace new my-project                               a project with a pipeline of your own
  millrace start                                        the page and the API on http://127.0.0.1:8080
  millrace convert photos/ --to webp --width 1280       a folder of images, with no server
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

/** The `millrace` command. Loads each command's dependencies on demand. */
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
    .showHelpAfterError("Use --help for usage.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "millrace: ")) })
    .addHelpText("after", EXAMPLES)
    .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage));

  program.commandsGroup("Run:");
  addNew(program);
  addStart(program);
  addRoles(program);
  program.commandsGroup("Work:");
  addConvert(program);
  addRun(program);
  program.commandsGroup("Manage a running server:");
  addJobs(program);
  addSchedules(program);
  addWebhooks(program);
  addDeadLetters(program);
  addOperations(program);
  addPipelines(program);
  addUsers(program);
  program.commandsGroup("Manage data:");
  addBackup(program);
  addBroker(program);
  program.commandsGroup("Measure:");
  addLab(program);
  program.commandsGroup(HELP_GROUP);
  addDoctor(program);
  addCompletion(program);
  refuseRepeatedFlags(program);
  return program;
}

function addConvert(program: Command): void {
  addConvertFlags(program.command("convert <files...>"))
    .description("convert images: files, folders, globs or URLs")
    .optionsGroup("Output:")
    .option("--out <folder>", "target folder, or - for standard output", "converted")
    .option("--force", "replace existing files")
    .option("--server <url>", "convert on a running server instead of in this process")
    .option("--workers <n>", "worker processes without a server, by default one per core")
    .option("--json", "print JSON")
    .addHelpText("after", CONVERT_EXAMPLES)
    .action(async (files, flags) => (await import("./convert/command.ts")).convert(files, flags));
}

function addRun(program: Command): void {
  addClientFlags(program.command("run <pipeline> [files...]"))
    .description("run a job on a running server and download its results")
    .option("--option <name=value>", "an option of the pipeline; can be repeated", repeatable, [])
    .option("--metadata <name=value>", "a text to keep with the job; can be repeated", repeatable, [])
    .option(
      "--data <file>",
      "items of data instead of files: CSV or NDJSON; - reads NDJSON from standard input",
    )
    .option("--priority <n>", "from 0 to 9, higher runs first", wholeNumber(0, 9))
    .option("--start-at <time>", "do not start before this time, such as 2030-01-31T08:00:00Z")
    .option("--idempotency-key <key>", "for 24 hours, the same key creates no second job")
    .option("--out <folder>", "download the results into this folder; - writes one to standard output")
    .option("--force", "replace existing files")
    .option("--detach", "print the job's id and do not wait")
    .addHelpText("after", RUN_EXAMPLES)
    .action(async (pipeline, files, flags) => (await import("./run/command.ts")).run(pipeline, files, flags));
}

function addDoctor(program: Command): void {
  addListenFlags(addConfigFlags(program.command("doctor")))
    .description("check everything that a start needs")
    .option("--bundle <file>", "also write a support bundle without secrets")
    .option("--json", "print JSON")
    .action(async (flags, command) => (await import("./doctor/command.ts")).doctor(flags, command));
}
