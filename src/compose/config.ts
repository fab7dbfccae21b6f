import { existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest } from "../engine/nearest.ts";
import { MillraceError } from "../errors.ts";
import { isLoopback } from "../http/host-check.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { isSamePlace } from "./same-place.ts";
import {
  MIN_MEMORY_MIB,
  type Setting,
  type SettingName,
  settingNames,
  settings,
  type Values,
} from "./settings.ts";

type Nullable = { [Name in SettingName]: null extends (typeof settings)[Name]["usual"] ? null : never };

/** Effective settings after flags, environment, `millrace.config.ts` and defaults. Paths are absolute. */
export type Config = {
  [Name in SettingName]: Name extends "pipelines" ? string[] : Values[Name] | Nullable[Name];
};

/** What `millrace.config.ts` may export as its default. */
export type UserConfig = Partial<Values>;

export type Source = "flag" | "environment" | "millrace.config" | "default";

export interface ResolvedConfig {
  config: Config;
  /** Pipelines exported by the configuration file itself. */
  inline: Pipeline[];
  sources: Record<keyof Config, Source>;
  configFile: string | null;
}

/** @param flags texts as given on the command line, by name */
export async function resolveConfig(
  flags: Partial<Record<keyof Config, string | string[]>>,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<ResolvedConfig> {
  const { file, user } = await readConfigFile(folder);
  const sources = {} as Record<SettingName, Source>;
  const given: { [name: string]: unknown } = {};
  for (const name of settingNames) {
    const setting: Setting = settings[name];
    const { fromText = (text: string) => text } = setting;
    const flag = flags[name];
    const text = env[setting.env];
    if (flag !== undefined) {
      sources[name] = "flag";
      const value = Array.isArray(flag) ? flag : fromText(flag);
      given[name] = checked(setting, value, setting.flag?.split(" ", 1)[0] ?? name, flag);
    } else if (text !== undefined && text !== "") {
      sources[name] = "environment";
      given[name] = checked(setting, fromText(text), setting.env, text);
    } else {
      sources[name] = user[name] === undefined ? "default" : "millrace.config";
      given[name] = user[name] ?? setting.usual;
    }
  }
  const config = completed(given as Config & Values, folder);
  return { config, inline: inlineOf(given as UserConfig), sources, configFile: file };
}

/**
 * The settings of a program that embeds Millrace: its values, and defaults for the rest. Reads neither the environment
 * nor a configuration file.
 */
export function givenConfig(values: UserConfig, folder: string): Pick<ResolvedConfig, "config" | "inline"> {
  checkNames(values, "createMillrace");
  const given: { [name: string]: unknown } = {};
  for (const name of settingNames) {
    const value = values[name];
    given[name] = value === undefined ? settings[name].usual : checked(settings[name], value, name, value);
  }
  return { config: completed(given as Config & Values, folder), inline: inlineOf(values) };
}

/** Requests per minute and user, if there are several users. */
const USER_RATE_LIMIT = 600;

/** Fills in defaults that depend on other settings, and makes paths absolute. */
function completed(given: Config & Values, folder: string): Config {
  const data = resolve(folder, given.data);
  const store = given.store ?? `sqlite:${join(data, "millrace.db")}`;
  // Normalized, because a broker that shares the store's database works differently from a separate one.
  const asStore = (url: string) => (isSamePlace(url, store) ? store : url);
  const broker = asStore(given.broker ?? store);
  const auth = given.auth ?? (isLoopback(given.host) ? "off" : "on");
  const config: Config = {
    ...given,
    data,
    store,
    broker,
    auth,
    rateLimit: given.rateLimit ?? (auth === "on" ? USER_RATE_LIMIT : 0),
    bus: asStore(given.bus ?? (store.startsWith("sqlite:") || broker.startsWith("sqs:") ? store : broker)),
    blobs: given.blobs ?? `file:${join(data, "blobs")}`,
    workers: given.workers ?? availableParallelism(),
    memoryMiB: given.memoryMiB ?? memoryForSteps(),
    pipelines: given.pipelines
      .filter((entry) => typeof entry === "string")
      .map((path) => resolve(folder, path)),
    app: given.app === null ? null : resolve(folder, given.app),
  };
  if (config.auth === "off" && !isLoopback(config.host)) {
    throw new MillraceError(
      "config_invalid",
      `Listening on ${config.host} without accounts would give everyone access. Set MILLRACE_AUTH=on, or listen on 127.0.0.1.`,
    );
  }
  if (store.startsWith("sqlite:") && config.bus !== store) {
    throw new MillraceError(
      "config_invalid",
      "MILLRACE_BUS cannot be set while the records are in the data folder, which has its own bus.",
    );
  }
  return config;
}

export function budgetBytes({ memoryMiB }: Config): number {
  return memoryMiB * 1024 * 1024;
}

/**
 * Share of the machine's memory, or of its control group's limit. The rest is for all other processes and the file
 * cache.
 */
const STEPS_SHARE = 0.75;
function memoryForSteps(): number {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.max(MIN_MEMORY_MIB, Math.floor((bytes * STEPS_SHARE) / 1024 / 1024));
}

async function readConfigFile(folder: string): Promise<{ file: string | null; user: UserConfig }> {
  for (const name of ["millrace.config.ts", "millrace.config.js", "millrace.config.mjs"]) {
    const file = join(folder, name);
    if (!existsSync(file)) continue;
    return { file, user: await load(file) };
  }
  return { file: null, user: {} };
}

async function load(file: string): Promise<UserConfig> {
  const module = (await import(pathToFileURL(file).href).catch((error: Error) => {
    throw new MillraceError("config_invalid", `${file} cannot be loaded: ${error.message}`, {
      cause: error,
    });
  })) as { default?: UserConfig };
  if (!module.default || typeof module.default !== "object") {
    throw new MillraceError("config_invalid", `${file} must have a default export with its settings.`);
  }
  checkNames(module.default, file);
  for (const name of settingNames) {
    const value = module.default[name];
    if (value !== undefined) checked(settings[name], value, `${name} in ${file}`, value);
  }
  return module.default;
}

function checkNames(user: object, file: string): void {
  const unknown = Object.keys(user).find((name) => !(name in settings));
  if (unknown === undefined) return;
  const meant = nearest(unknown, settingNames);
  const hint = meant === null ? `; the settings are ${settingNames.join(", ")}` : `; did you mean ${meant}?`;
  throw new MillraceError("config_invalid", `${unknown} in ${file} is not a setting${hint}`);
}

/** @param shown the text as given, which is not repeated for secrets */
function checked(setting: Setting, value: unknown, name: string, shown: unknown): unknown {
  const parsed = setting.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = setting.isSecret ? "" : `, not ${JSON.stringify(shown)?.slice(0, 42)}`;
  throw new MillraceError("config_invalid", `${name} must be ${setting.must}${found}.`);
}

/** Pipelines exported by a configuration file itself. */
export async function inlinePipelines(file: string): Promise<Pipeline[]> {
  return inlineOf(await load(file));
}

function inlineOf({ pipelines = [] }: UserConfig): Pipeline[] {
  return pipelines.filter((entry) => typeof entry !== "string");
}
