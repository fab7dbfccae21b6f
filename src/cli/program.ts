import { Command } from "commander";
import { addBackup } from "./backup.ts";
import { addConvertFlags } from "./convert/flags.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addConfigFlags, addListenFlags } from "./flags.ts";
import { addJobs } from "./jobs.ts";
import { exitCode } from "./output.ts";
import { addPipelines } from "./pipelines.ts";
import { addRoles } from "./roles.ts";
import { addStart } from "./start.ts";
import { version } from "./version.ts";

const HELP_GROUP = "Checks and help:";

const EXAMPLES = `
Examples:
  millrace start                                        the page and the API on http://127.0.0.1:8080
  millrace convert photos/ --to webp --width 1280       a folder of pictures, with no server
  millrace jobs --state failed                          what went wrong on a running server
  millrace doctor                                       is everything in place?

Settings come from flags, then the environment, then millrace.config.ts; \`millrace doctor\` shows them.
Exit codes: 0 all is well, 1 something failed, 2 wrong usage or configuration, 130 interrupted.`;

const CONVERT_EXAMPLES = `
Examples:
  millrace convert *.jpg --to webp --width 1280
  millrace convert holiday/ --to avif --quality 60 --out small
  millrace convert "scans/**/*.tif" --to jpeg --watermark "© Ada Photo" --json
  millrace convert *.png --server http://127.0.0.1:8080
  millrace convert https://example.org/photo.jpg --to avif

Results are written below --out with the folders of what was given; files that are there are never
replaced without --force. Without --server the engine runs here, for as long as the command does.`;

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
  addStart(program);
  addRoles(program);
  program.commandsGroup("Work:");
  addConvert(program);
  program.commandsGroup("Look after a running server:");
  addJobs(program);
  addDeadLetters(program);
  addPipelines(program);
  program.commandsGroup("Keep its data:");
  addBackup(program);
  program.commandsGroup(HELP_GROUP);
  addDoctor(program);
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

function addDoctor(program: Command): void {
  addListenFlags(addConfigFlags(program.command("doctor")))
    .description("check everything that a start needs, and say what to do")
    .option("--json", "print one JSON document")
    .action(async (flags, command) => (await import("./doctor/command.ts")).doctor(flags, command));
}
