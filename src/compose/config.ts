import { existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MillraceError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";

/** What is in force, after flags, environment, `millrace.config.ts` and defaults. */
export interface Config {
  host: string;
  port: number;
  /** The data folder of the embedded adapters, absolute. */
  data: string;
  store: string;
  broker: string;
  bus: string;
  blobs: string;
  /** Worker processes that `start` supervises. */
  workers: number;
  /** Tasks of each step at once in a worker; `null`: what the step says. */
  concurrency: number | null;
  /** What steps in processes of their own may have in memory together, on this machine, in MiB. */
  memoryMiB: number;
  /** Modules with pipelines of the user's own, absolute. */
  pipelines: string[];
  /** How long results are kept, in hours. */
  retentionHours: number;
  /** How long at least a job with dead letters keeps its files, in hours. */
  deadLetterRetentionHours: number;
  /** Picture size limit of `image.convert`, in megapixels. */
  maxMegapixels: number;
  /** Files of a job of `image.convert`. */
  maxFiles: number;
  /** Size limit of a file of `image.convert`, in MiB. */
  maxFileMiB: number;
  /** Tasks that may be open in a queue before new jobs are refused; `null`: what the pipeline says. */
  queueLimit: number | null;
  /** Requests to the API that an owner may send a minute; 0: any number. */
  rateLimit: number;
  logLevel: string;
  /** The installation's key; `null`: the one that the data folder or the store keeps. */
  secret: string | null;
  /** A key that was replaced and still counts. */
  previousSecret: string | null;
}

/** What `millrace.config.ts` may export by default. */
export type UserConfig = Partial<Omit<Config, "pipelines">> & { pipelines?: (string | Pipeline)[] };

export type Source = "flag" | "environment" | "millrace.config" | "default";

export interface ResolvedConfig {
  config: Config;
  /** Pipelines that the configuration file holds itself. */
  inline: Pipeline[];
  sources: Record<keyof Config, Source>;
  configFile: string | null;
}

const MIN_MEMORY_MIB = 128;

interface Setting {
  env: string;
  parse?: (text: string, name: string) => unknown;
}

const settings: Record<keyof Config, Setting> = {
  host: { env: "HOST" },
  port: { env: "PORT", parse: whole(0, 65_535) },
  data: { env: "MILLRACE_DATA" },
  store: { env: "MILLRACE_STORE" },
  broker: { env: "MILLRACE_BROKER" },
  bus: { env: "MILLRACE_BUS" },
  blobs: { env: "MILLRACE_BLOBS" },
  workers: { env: "MILLRACE_WORKERS", parse: whole(0, 1_000) },
  concurrency: { env: "MILLRACE_CONCURRENCY", parse: whole(1, 10_000) },
  memoryMiB: { env: "MILLRACE_MEMORY_MIB", parse: whole(MIN_MEMORY_MIB, 100_000_000) },
  pipelines: { env: "MILLRACE_PIPELINES", parse: (text) => text.split(",").filter((part) => part !== "") },
  retentionHours: { env: "MILLRACE_RETENTION_HOURS", parse: number(0.0001, 24 * 3650) },
  deadLetterRetentionHours: {
    env: "MILLRACE_DEAD_LETTER_RETENTION_HOURS",
    parse: number(0.0001, 24 * 3650),
  },
  maxMegapixels: { env: "MILLRACE_MAX_MEGAPIXELS", parse: number(0.001, 10_000) },
  maxFiles: { env: "MILLRACE_MAX_FILES", parse: whole(1, 10_000) },
  maxFileMiB: { env: "MILLRACE_MAX_FILE_MIB", parse: number(0.001, 10_000) },
  queueLimit: { env: "MILLRACE_QUEUE_LIMIT", parse: whole(1, 100_000_000) },
  rateLimit: { env: "MILLRACE_RATE_LIMIT", parse: whole(0, 100_000_000) },
  logLevel: { env: "MILLRACE_LOG", parse: oneOf("debug", "info", "warn", "error", "silent") },
  secret: { env: "MILLRACE_SECRET", parse: key },
  previousSecret: { env: "MILLRACE_SECRET_PREVIOUS", parse: key },
};

export const settingNames = Object.keys(settings) as (keyof Config)[];

export function environmentName(name: keyof Config): string {
  return settings[name].env;
}

/** @param flags texts as given on the command line, by name */
export async function resolveConfig(
  flags: Partial<Record<keyof Config, string | string[]>>,
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<ResolvedConfig> {
  const { file, user } = await readConfigFile(folder);
  const sources = {} as Record<keyof Config, Source>;
  const values: Partial<Record<keyof Config, unknown>> = {};
  for (const name of settingNames) {
    const { env: variable, parse = (text: string) => text } = settings[name];
    const flag = flags[name];
    const text = env[variable];
    if (flag !== undefined) {
      sources[name] = "flag";
      values[name] = Array.isArray(flag) ? flag : parse(flag, `--${name}`);
    } else if (text !== undefined && text !== "") {
      sources[name] = "environment";
      values[name] = parse(text, variable);
    } else if (user[name] !== undefined) {
      sources[name] = "millrace.config";
      values[name] = user[name];
    } else {
      sources[name] = "default";
    }
  }
  const given = values as Partial<UserConfig>;
  const data = resolve(folder, given.data ?? "data");
  const store = given.store ?? `sqlite:${join(data, "millrace.db")}`;
  const broker = given.broker ?? store;
  const pipelines = given.pipelines ?? [];
  const config: Config = {
    host: given.host ?? "127.0.0.1",
    port: given.port ?? 8080,
    data,
    store,
    broker,
    bus: given.bus ?? (store.startsWith("sqlite:") || broker.startsWith("sqs:") ? store : broker),
    blobs: given.blobs ?? `file:${join(data, "blobs")}`,
    workers: given.workers ?? availableParallelism(),
    concurrency: given.concurrency ?? null,
    memoryMiB: given.memoryMiB ?? memoryForSteps(),
    pipelines: pipelines
      .filter((entry) => typeof entry === "string")
      .map((path) => (isAbsolute(path) ? path : resolve(folder, path))),
    retentionHours: given.retentionHours ?? 7 * 24,
    deadLetterRetentionHours: given.deadLetterRetentionHours ?? 30 * 24,
    maxMegapixels: given.maxMegapixels ?? 50,
    maxFiles: given.maxFiles ?? 50,
    maxFileMiB: given.maxFileMiB ?? 20,
    queueLimit: given.queueLimit ?? null,
    rateLimit: given.rateLimit ?? 0,
    logLevel: given.logLevel ?? "warn",
    secret: given.secret ?? null,
    previousSecret: given.previousSecret ?? null,
  };
  if (store.startsWith("sqlite:") && config.bus !== store) {
    throw new MillraceError(
      "config_invalid",
      "MILLRACE_BUS cannot be set while the records are in the data folder: they come with a bus of their own.",
    );
  }
  return { config, inline: inlineOf(given), sources, configFile: file };
}

/** Of the machine's memory, or of what its control group allows. The rest is for all other processes and the cache of files. */
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
    throw new MillraceError("config_invalid", `${file} must export its settings by default.`);
  }
  return module.default;
}

/** Pipelines that a configuration file holds itself. */
export async function inlinePipelines(file: string): Promise<Pipeline[]> {
  return inlineOf(await load(file));
}

function inlineOf({ pipelines = [] }: UserConfig): Pipeline[] {
  return pipelines.filter((entry) => typeof entry !== "string");
}

function whole(min: number, max: number) {
  const parse = number(min, max);
  return (text: string, name: string) => {
    const value = parse(text, name);
    if (!Number.isInteger(value)) throw outOfRange(text, name, "a whole number", min, max);
    return value;
  };
}

function number(min: number, max: number) {
  return (text: string, name: string) => {
    const value = Number(text);
    if (!(value >= min && value <= max)) throw outOfRange(text, name, "a number", min, max);
    return value;
  };
}

/** Short keys can be guessed. */
const MIN_KEY_CHARACTERS = 32;

function key(text: string, name: string): string {
  if (text.length >= MIN_KEY_CHARACTERS) return text;
  throw new MillraceError(
    "config_invalid",
    `${name} must have at least ${MIN_KEY_CHARACTERS} characters: openssl rand -base64 32 makes a good one.`,
  );
}

function oneOf(...choices: string[]) {
  return (text: string, name: string) => {
    if (choices.includes(text)) return text;
    throw new MillraceError(
      "config_invalid",
      `${name} must be one of ${choices.join(", ")}, not "${text.slice(0, 40)}".`,
    );
  };
}

function outOfRange(text: string, name: string, what: string, min: number, max: number): MillraceError {
  return new MillraceError(
    "config_invalid",
    `${name} must be ${what} from ${min} to ${max}, not "${text.slice(0, 40)}".`,
  );
}
