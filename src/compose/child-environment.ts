import type { Config } from "./config.ts";
import { environmentName, settingNames } from "./settings.ts";

/** The value as text that the setting parses back. */
function textOf(value: Config[keyof Config]): string {
  const isStructure = typeof value === "object" && (!Array.isArray(value) || typeof value[0] === "object");
  return isStructure ? JSON.stringify(value) : String(value);
}

/** Passes the writer's socket to the supervisor's processes. */
export const WRITER_ENV = "MILLRACE_WRITER";

/**
 * The environment of supervised processes: this process's effective settings, wherever they came from, so that all
 * agree. Pipelines are excluded: they are read where they were named.
 */
export function childEnvironment(
  config: Config,
  writer: { socketPath: string } | null,
  base: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...base };
  for (const name of settingNames) {
    if (name === "pipelines") continue;
    const value = config[name];
    if (value === null) delete env[environmentName(name)];
    else env[environmentName(name)] = textOf(value);
  }
  delete env[WRITER_ENV];
  if (writer) env[WRITER_ENV] = writer.socketPath;
  return env;
}
