import type { Config, ResolvedConfig, Source } from "../../compose/config.ts";
import {
  type Setting as Described,
  environmentName,
  settingNames,
  settings,
} from "../../compose/settings.ts";
import { masked } from "../../domain/masking.ts";
import { unknownSettings, unknownSettingText } from "../unknown-settings.ts";
import { type Check, ok, warn } from "./check.ts";

export interface Setting {
  name: keyof Config;
  variable: string;
  value: string;
  source: Source;
}

/** Effective settings and their sources, without secrets. */
export function settingsInForce({ config, inline, sources }: ResolvedConfig): Setting[] {
  return settingNames.map((name) => ({
    name,
    variable: environmentName(name),
    value: textOf(name, config, inline.length),
    source: sources[name],
  }));
}

function textOf(name: keyof Config, config: Config, inline: number): string {
  const value = config[name];
  if (name === "pipelines") {
    return [...config.pipelines, ...(inline > 0 ? [`${inline} in the configuration file`] : [])].join(", ");
  }
  const { none = "none", isSecret }: Described = settings[name];
  if (value === null || (Array.isArray(value) && value.length === 0)) return none;
  return isSecret ? "***" : masked(String(value));
}

export function checkSettings({ configFile }: ResolvedConfig, env: NodeJS.ProcessEnv): Check[] {
  const unknown = unknownSettings(env).map((one) =>
    warn("settings", unknownSettingText(one), "Fix the variable, or remove it."),
  );
  if (unknown.length > 0) return unknown;
  return [ok("settings", configFile ?? "no configuration file")];
}
