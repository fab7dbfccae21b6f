import type { Command } from "commander";
import { type Config, type ResolvedConfig, resolveConfig } from "../compose/config.ts";

/** The settings that every command which opens an engine takes. */
export function addConfigFlags(command: Command): Command {
  return command
    .option("--data <folder>", "data folder of the embedded adapters (MILLRACE_DATA)")
    .option("--store <url>", "where the records are: sqlite:PATH or postgres://… (MILLRACE_STORE)")
    .option("--broker <url>", "what hands out the work (MILLRACE_BROKER)")
    .option("--bus <url>", "what tells every process (MILLRACE_BUS)")
    .option("--blobs <url>", "where the files are: file:PATH or s3://… (MILLRACE_BLOBS)")
    .option("--pipelines <files...>", "modules with pipelines of your own (MILLRACE_PIPELINES)")
    .option("--concurrency <n>", "tasks of each step at once in a worker (MILLRACE_CONCURRENCY)")
    .option("--log-level <level>", "debug, info, warn, error or silent (MILLRACE_LOG)");
}

export function addListenFlags(command: Command): Command {
  return command
    .option("--host <address>", "address to listen on (HOST)")
    .option("--port <port>", "port to listen on (PORT)");
}

export function configOf(command: Command): Promise<ResolvedConfig> {
  return resolveConfig(command.opts() as Partial<Record<keyof Config, string>>, process.env, process.cwd());
}
