import type { Command } from "commander";
import { resolveConfig } from "../compose/config.ts";
import { addFlags, configOf } from "./flags.ts";
import { wholeNumber } from "./values.ts";

const HELP = `
1. Start one worker, or more, with MILLRACE_BROKER set to the new address.
2. Run this command, with the old address in MILLRACE_BROKER.
3. Restart the other processes with the new address, one after the other. Old and new ones work side by side.
4. The command ends when nothing has come from the old broker for a while.

Example:
  millrace broker move --to amqp://millrace:…@rabbitmq.example:5672`;

export function addBroker(program: Command): void {
  const broker = program.command("broker").description("move to another broker while jobs run");
  addFlags(broker.command("move"), ["store", "broker", "bus", "data"])
    .description("forward deliveries from the old broker to a new one")
    .requiredOption("--to <url>", "the new broker")
    .option("--idle <seconds>", "stop after this many seconds without a delivery", wholeNumber(1, 86_400), 60)
    .addHelpText("after", HELP)
    .action(async (flags: { to: string; idle: number }, command: Command) => move(flags, command));
}

async function move(flags: { to: string; idle: number }, command: Command): Promise<void> {
  const { moveBroker } = await import("../compose/move-broker.ts");
  const { config: from } = await configOf(command);
  const given = command.opts() as Record<string, string>;
  const { config: to } = await resolveConfig({ ...given, broker: flags.to }, process.env, process.cwd());
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  let told = "";
  const { moved, left } = await moveBroker({
    ...{ from, to, idleMs: flags.idle * 1_000, signal: stop.signal },
    onProgress({ moved, left, hasWorkers }) {
      const rest = left === null ? "" : `, ${left} left`;
      const line = hasWorkers
        ? `Moved ${moved} deliveries${rest}`
        : "Waiting for a worker on the new broker. Start one with the new MILLRACE_BROKER.";
      if (line !== told) console.error(line);
      told = line;
    },
  });
  console.log(`Moved ${moved} deliveries${left ? `; ${left} remain on the old broker` : ""}`);
}
