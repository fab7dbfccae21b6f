import type { Command } from "commander";
import { childEnvironment } from "../compose/child-environment.ts";
import { budgetBytes, type Config, type ResolvedConfig } from "../compose/config.ts";
import { startEmbedded } from "../compose/embedded.ts";
import { pageFolder } from "../compose/package-folders.ts";
import { closeData } from "../compose/private-data.ts";
import { MillraceError } from "../errors.ts";
import { type SupervisorEvent, supervise } from "../supervisor/supervisor.ts";
import { addConfigFlags, addFlags, addListenFlags, configOf } from "./flags.ts";
import { usageError } from "./output.ts";
import { anyFreePort, tryPort, whoAnswers } from "./port.ts";
import { stopOnSignal } from "./stop.ts";
import { unknownSettings, unknownSettingText } from "./unknown-settings.ts";

const HELP = `
Examples:
  millrace start
  millrace start --port 9000 --data /srv/millrace --workers 8
  millrace start --pipelines ./my-pipelines.ts

Ctrl-C or SIGTERM ends it in order: what runs is finished or handed back, and nothing is lost.`;

export function addStart(program: Command): void {
  const command = addListenFlags(addConfigFlags(program.command("start")));
  addFlags(command, ["workers", "retentionHours", "deadLetterRetentionHours", "queueLimit"])
    .description("run everything on this machine: the page, the API and its workers")
    .addHelpText("after", HELP)
    .action((_, command: Command) => start(command));
}

async function start(command: Command): Promise<void> {
  for (const one of unknownSettings(process.env)) {
    if (one.meant !== null) console.error(`millrace: ${unknownSettingText(one)}`);
  }
  const resolved = await configOf(command);
  const { config } = resolved;
  await refuseAddress(config);
  if (config.port === 0) config.port = await anyFreePort(config.host);
  for (const line of await closeData(config)) console.error(`millrace: ${line}`);
  const writer = await startEmbedded(config);
  const pipelines = pipelineArgs(resolved);
  const supervisor = supervise({
    entry: process.argv[1]!,
    env: childEnvironment(config, writer, process.env),
    children: [
      { name: "api", args: ["api", ...pipelines] },
      ...Array.from({ length: config.workers }, (_, n) => ({
        name: `worker ${n + 1}`,
        args: ["worker", ...pipelines],
      })),
    ],
    memoryBytes: budgetBytes(config),
    onEvent: (event) => report(event, config),
  });
  let stopping = false;
  const stop = stopOnSignal(async () => {
    stopping = true;
    await supervisor.stop();
    await writer?.close();
  }, ["SIGTERM", "SIGINT", "SIGHUP"]);
  void writer?.ended.then((error) => {
    if (stopping) return;
    console.error(`millrace: the records cannot be kept any longer: ${error?.message ?? "the writer ended"}`);
    void stop(1);
  });
  await supervisor.started.catch(async (error: Error) => {
    if (stopping) return;
    stopping = true;
    await supervisor.stop();
    await writer?.close();
    throw new MillraceError("config_invalid", error.message);
  });
}

/** What is wrong with the address is said before anything is started; the API itself has the last word. */
async function refuseAddress({ host, port }: Config): Promise<void> {
  if (port === 0 || (await tryPort(host, port)) !== "EADDRINUSE") return;
  const other = `Choose another with --port ${port + 1} or PORT=${port + 1}; 0 takes any that is free.`;
  throw usageError(
    (await whoAnswers(host, port)) === "millrace"
      ? `Port ${port} is taken by a Millrace that runs already: http://${host}:${port}. To run a second one, choose another port and data folder, with --port and --data.`
      : `Port ${port} is taken by another program. ${other}`,
  );
}

/** Modules of the command line: the children find those of the environment and the configuration file. */
function pipelineArgs({ config, sources }: ResolvedConfig): string[] {
  return sources.pipelines === "flag" ? ["--pipelines", ...config.pipelines] : [];
}

function report(event: SupervisorEvent, config: Config): void {
  if (event.kind === "ready" && event.name === "api") {
    const { url, adminLink } = event.details as { url: string; adminLink?: string };
    console.log(welcome(url, config));
    if (adminLink)
      console.log(`\nNobody has an account yet. Make the first admin's, within a day:\n  ${adminLink}`);
  } else if (event.kind === "ended") {
    const how = event.signal ?? `code ${event.code}`;
    console.error(`millrace: ${event.name} ended (${how}); it starts again in ${event.respawnMs} ms`);
  } else if (event.kind === "unborn") {
    const { name, cause, respawnMs } = event;
    console.error(`millrace: ${name} cannot be started (${cause}); it is tried again in ${respawnMs} ms`);
  } else if (event.kind === "hung") {
    console.error(`millrace: ${event.name} has not answered for ${event.silentMs / 1_000} s; it is replaced`);
  }
}

let welcomed = false;

/** Once in full; after the API was replaced, one line. */
function welcome(url: string, config: Config): string {
  const ready = `Millrace is ready: ${url}`;
  if (welcomed) return ready;
  welcomed = true;
  const page = pageFolder()
    ? `open ${url} and drop some pictures`
    : "it is not built, so that the API is served alone; run `npm run build` and start again";
  return [
    ready,
    "",
    `  Page     ${page}`,
    `  API      ${url}/docs`,
    `  Data     ${config.data}`,
    `  Workers  ${config.workers}`,
    "",
    "Ctrl-C ends it in order.",
  ].join("\n");
}
