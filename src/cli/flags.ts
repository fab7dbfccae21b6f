import type { Command } from "commander";
import { type Config, type ResolvedConfig, resolveConfig } from "../compose/config.ts";
import { type Setting, type SettingName, settings } from "../compose/settings.ts";

const shared = ["data", "store", "broker", "bus", "blobs", "pipelines", "concurrency", "logLevel"] as const;

/** Adds the flags for settings that every command with an engine accepts. */
export function addConfigFlags(command: Command): Command {
  return addFlags(command, shared);
}

export function addListenFlags(command: Command): Command {
  return addFlags(command, ["host", "port", "auth", "app"]);
}

export function addFlags(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const { flag, about, env }: Setting = settings[name];
    command.option(flag!, `${about} (${env})`);
  }
  return command;
}

export function configOf(command: Command): Promise<ResolvedConfig> {
  return resolveConfig(command.opts() as Partial<Record<keyof Config, string>>, process.env, process.cwd());
}
