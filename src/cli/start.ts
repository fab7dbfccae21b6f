import type { Command } from "commander";
import { childEnvironment } from "../compose/child-environment.ts";
import { budgetBytes, type Config } from "../compose/config.ts";
import { startEmbedded } from "../compose/embedded.ts";
import { closeData } from "../compose/private-data.ts";
import { rangeOf } from "../compose/settings.ts";
import { MillraceError } from "../errors.ts";
import { type SupervisorEvent, supervise } from "../supervisor/supervisor.ts";
import { addConfigFlags, addFlags, addListenFlags, configOf } from "./flags.ts";
import { usageError } from "./output.ts";
import { anyFreePort, tryPort, whoAnswers } from "./port.ts";
import { stopOnSignal } from "./stop.ts";
import { pipelineArgs, reportTrouble, stopMsOf, superviseWorkers, type Workers } from "./supervised.ts";
import { unknownSettings, unknownSettingText } from "./unknown-settings.ts";
import { type ReadyApi, welcome } from "./welcome.ts";

const HELP = `
Examples:
  millrace start
  millrace start --port 9000 --data /srv/millrace --workers 8
  millrace start --workers 0..8                       as many workers as there is work
  millrace start --pipelines ./my-pipelines.ts

Ctrl-C or SIGTERM ends it in order: what runs is finished or handed back, and nothing is lost.`;

export function addStart(program: Command): void {
  const command = addListenFlags(addConfigFlags(program.command("start")));
  addFlags(command, ["workers", "retentionHours", "deadLetterRetentionHours", "queueLimit"])
    .description("run the page, the API and its workers on this machine")
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
  const { min, max } = rangeOf(config.workers);
  const supervisor = supervise({
    entry: process.argv[1]!,
    env: childEnvironment(config, writer, process.env),
    children: [
      { name: "api", args: ["api", ...pipelines] },
      ...Array.from({ length: min === max ? max : 0 }, (_, n) => ({
        name: `worker ${n + 1}`,
        args: ["worker", ...pipelines],
      })),
    ],
    memoryBytes: budgetBytes(config),
    stopMs: stopMsOf(config),
    onEvent: (event) => report(event, config),
  });
  let stopping = false;
  let workers: Workers | null = null;
  const stop = stopOnSignal(async () => {
    stopping = true;
    await workers?.close();
    await supervisor.stop();
    await writer?.close();
  }, ["SIGTERM", "SIGINT", "SIGHUP"]);
  void writer?.ended.then((error) => {
    if (stopping) return;
    console.error(`millrace: Records can no longer be written: ${error?.message ?? "the writer exited"}`);
    void stop(1);
  });
  const opening = superviseWorkers(resolved, writer?.socketPath ?? null, supervisor, "supervisor");
  workers = await opening.catch((error: unknown) => {
    // A signal that arrives meanwhile closes what this needs.
    if (stopping) return null;
    throw error;
  });
  await supervisor.started.catch(async (error: Error) => {
    if (stopping) return;
    stopping = true;
    await workers?.close();
    await supervisor.stop();
    await writer?.close();
    throw new MillraceError("config_invalid", error.message);
  });
}

/** Reports an unusable address before starting anything. The API itself checks again. */
async function refuseAddress({ host, port }: Config): Promise<void> {
  if (port === 0 || (await tryPort(host, port)) !== "EADDRINUSE") return;
  const other = `Choose another with --port ${port + 1} or PORT=${port + 1}. 0 picks any free port.`;
  throw usageError(
    (await whoAnswers(host, port)) === "millrace"
      ? `Millrace is already running on port ${port}: http://${host}:${port}. To run a second one, choose another port and data folder with --port and --data.`
      : `Port ${port} is used by another program. ${other}`,
  );
}

function report(event: SupervisorEvent, config: Config): void {
  if (event.kind === "ready" && event.name === "api") {
    const api = event.details as ReadyApi;
    const { adminLink } = api;
    console.log(greeting(api, config));
    if (adminLink)
      console.log(
        `\nNobody has an account yet. Create the first admin account within a day:\n  ${adminLink}`,
      );
  } else reportTrouble(event);
}

let welcomed = false;

/** Prints a full message at first, and one line after the API was replaced. */
function greeting(api: ReadyApi, config: Config): string {
  const lines = welcome(api, config);
  if (welcomed) return lines[0]!;
  welcomed = true;
  return lines.join("\n");
}
