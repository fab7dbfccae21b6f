import type { Config } from "./config.ts";
import { environmentName, settingNames } from "./settings.ts";

/** As the setting reads it again. */
function textOf(value: Config[keyof Config]): string {
  return Array.isArray(value) && typeof value[0] === "object" ? JSON.stringify(value) : String(value);
}

/** Names the writer's socket to the processes of a supervisor. */
export const WRITER_ENV = "MILLRACE_WRITER";

/**
 * The environment of supervised processes: what is in force in this one, wherever it came from, so that all
 * agree. Pipelines are left out: they are read where they were named.
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
