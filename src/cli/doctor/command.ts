import type { Command } from "commander";
import type { Config, ResolvedConfig } from "../../compose/config.ts";
import { loadPipelines } from "../../compose/load-pipelines.ts";
import { version } from "../../compose/version.ts";
import { plural } from "../amounts.ts";
import { configOf } from "../flags.ts";
import { exitCode, printJson } from "../output.ts";
import { table } from "../table.ts";
import { checkAddress } from "./address.ts";
import { writeBundle } from "./bundle.ts";
import { type Check, failed, messageOf, ok } from "./check.ts";
import { checkIsolation } from "./isolation.ts";
import { checkDataFolder, checkNode, checkPage, checkSharp, checkTemporaryFolder } from "./machine.ts";
import { checkServices } from "./services.ts";
import { checkSettings, type Setting, settingsInForce } from "./settings.ts";
import { checkVersions } from "./versions.ts";

/** Checks everything that `start` needs, and suggests fixes. */
export async function doctor(flags: { json?: boolean; bundle?: string }, command: Command): Promise<void> {
  const { checks, settings, config } = await examine(command);
  if (flags.bundle !== undefined) await writeBundle(flags.bundle, { checks, settings, config });
  const failures = checks.filter((check) => check.status === "fail").length;
  const warnings = checks.filter((check) => check.status === "warn").length;
  if (failures > 0) process.exitCode = exitCode.failed;
  if (flags.json) {
    return printJson({ version: version(), ok: failures === 0, failures, warnings, checks, settings });
  }
  console.log(`Millrace ${version()}\n`);
  for (const check of checks) console.log(lineOf(check));
  if (settings.length > 0) {
    const columns = ["setting", "value", "from"].map((head) => ({ head }));
    const rows = settings.map(({ variable, value, source }) => [variable, value, source]);
    console.log(`\n${table(columns, rows)}`);
  }
  const trouble = [
    ...(failures > 0 ? [plural(failures, "failure")] : []),
    ...(warnings > 0 ? [plural(warnings, "warning")] : []),
  ].join(", ");
  if (flags.bundle !== undefined)
    console.log(
      `\n${flags.bundle} contains all of this and the state of the running server. Read it before you send it.`,
    );
  console.log(`\n${trouble === "" ? "Everything is ready." : `${trouble}. See above for what to do.`}`);
}

async function examine(
  command: Command,
): Promise<{ checks: Check[]; settings: Setting[]; config: Config | null }> {
  const machine = [
    checkNode(),
    await checkSharp(),
    checkPage(),
    await checkTemporaryFolder(),
    await checkIsolation(),
  ];
  let resolved: ResolvedConfig;
  try {
    resolved = await configOf(command);
  } catch (error) {
    const advice = "Fix it. Nothing starts until then.";
    return { checks: [...machine, failed("settings", messageOf(error), advice)], settings: [], config: null };
  }
  const { config } = resolved;
  const checks = [
    ...machine,
    ...checkSettings(resolved, process.env),
    await checkPipelines(resolved),
    await checkDataFolder(config.data),
    await checkAddress(config),
    ...(await checkServices(config)),
    ...(await checkVersions(resolved)),
  ];
  return { checks, settings: settingsInForce(resolved), config };
}

async function checkPipelines({ config, inline }: ResolvedConfig): Promise<Check> {
  try {
    const pipelines = (await loadPipelines(config, inline)).versions();
    return ok("pipelines", pipelines.map(({ name, version }) => `${name} (version ${version})`).join(", "));
  } catch (error) {
    return failed("pipelines", messageOf(error), "Fix the module or MILLRACE_PIPELINES.");
  }
}

const marks = { ok: "✓", warn: "!", fail: "✗" } as const;
const NAME_WIDTH = 13;

function lineOf({ name, status, message, advice }: Check): string {
  const line = `${marks[status]} ${name.padEnd(NAME_WIDTH)}${message}`;
  return advice ? `${line}\n  ${" ".repeat(NAME_WIDTH)}→ ${advice}` : line;
}
