import { WRITER_ENV } from "../compose/child-environment.ts";
import { environmentName, settingNames } from "../compose/settings.ts";
import { nearest } from "../engine/nearest.ts";

/** Variables that are read outside the configuration. */
const others = ["MILLRACE_SERVER", "MILLRACE_API_KEY", WRITER_ENV];
const PREFIX = "MILLRACE_";

/** Unknown variables that look like settings, each with the setting that was probably meant. */
export function unknownSettings(env: NodeJS.ProcessEnv): { name: string; meant: string | null }[] {
  const known = [...settingNames.map(environmentName), ...others];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !name.startsWith("MILLRACE_TEST_") && !known.includes(name))
    .sort()
    .map((name) => ({ name, meant: nearest(name, known) }));
}

export function unknownSettingText({ name, meant }: { name: string; meant: string | null }): string {
  return `${name} is not a setting${meant === null ? "" : `; did you mean ${meant}?`}`;
}
