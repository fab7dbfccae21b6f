import { z } from "zod";
import { accessSettings } from "./settings/access.ts";
import { authzSettings } from "./settings/authz.ts";
import { integrationSettings } from "./settings/integrations.ts";
import { key, type Setting } from "./settings/setting.ts";
import { workSettings } from "./settings/work.ts";

export type { Setting } from "./settings/setting.ts";
export { MIN_MEMORY_MIB, rangeOf } from "./settings/work.ts";

const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

export const settings = {
  ...accessSettings,
  ...workSettings,
  ...integrationSettings,
  ...authzSettings,
  logLevel: {
    schema: z.enum(logLevels),
    must: `one of ${logLevels.join(", ")}`,
    env: "MILLRACE_LOG",
    flag: "--log-level <level>",
    about: "debug, info, warn, error or silent",
    usual: "warn",
  },
  secret: {
    ...key,
    env: "MILLRACE_SECRET",
    about: "the installation's key",
    usual: null,
    none: "stored with the records",
  },
  previousSecret: {
    ...key,
    env: "MILLRACE_SECRET_PREVIOUS",
    about: "a replaced key that is still accepted",
    usual: null,
    none: "none",
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** Values that `millrace.config.ts` may export. */
export type Values = { [Name in SettingName]: z.output<(typeof settings)[Name]["schema"]> };

export const settingNames = Object.keys(settings) as SettingName[];

export function environmentName(name: SettingName): string {
  return settings[name].env;
}
