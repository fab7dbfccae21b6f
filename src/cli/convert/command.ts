import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { serverUrl } from "../client/server-url.ts";
import { onInterrupt } from "../interrupt.ts";
import { exitCode, printJson, usageError } from "../output.ts";
import type { Converter } from "./converter.ts";
import type { ConvertFlags } from "./flags.ts";
import { findInputs, isUrl, type Unfit } from "./inputs.ts";
import type { FileResult } from "./run.ts";

interface Flags extends ConvertFlags {
  out: string;
  force?: boolean;
  server?: string;
  workers?: string;
  json?: boolean;
}

/** Files of one job, where the server takes no fewer. */
const BATCH = 50;

/** What the action does with the texts of the command line. */
export async function convert(given: string[], flags: Flags): Promise<void> {
  const began = performance.now();
  const { convertOptions } = await import("./options.ts");
  const options = convertOptions(flags);
  const out = resolve(flags.out);
  const interruption = onInterrupt();
  const converter = await openConverter(flags, given);
  try {
    const accepts = await converter.accepts();
    const { files, unfit, skipped } = await findInputs(given, out, accepts);
    if (files.length + unfit.length === 0) throw usageError(`There are no pictures in ${given.join(", ")}.`);
    const [{ convertAll }, { progressBar }, { summarize, summaryText }] = await Promise.all([
      import("./run.ts"),
      import("./progress.ts"),
      import("./summary.ts"),
    ]);
    const bar = progressBar(files.length);
    const results = await convertAll({
      converter,
      files,
      options,
      out,
      force: flags.force ?? false,
      batch: Math.min(BATCH, accepts.maxFiles),
      signal: interruption.signal,
      watch: bar,
    }).finally(bar.stop);
    const summary = summarize([...results, ...unfit.map(refused)], {
      server: converter.server,
      out,
      skipped,
      ms: performance.now() - began,
      interrupted: interruption.signal.aborted,
    });
    if (flags.json) printJson(summary);
    else console.log(summaryText(summary));
    process.exitCode =
      summary.state === "succeeded"
        ? exitCode.ok
        : summary.state === "cancelled"
          ? exitCode.interrupted
          : exitCode.failed;
  } finally {
    await converter.close();
    interruption.stop();
  }
}

async function openConverter(flags: Flags, given: string[]): Promise<Converter> {
  if (flags.server !== undefined) {
    const { convertOnServer } = await import("./on-server.ts");
    return convertOnServer(serverUrl(flags.server));
  }
  const asked = flags.workers === undefined ? availableParallelism() : Number(flags.workers);
  if (!(Number.isInteger(asked) && asked >= 1 && asked <= 64)) {
    throw usageError(`--workers must be a whole number from 1 to 64, not "${flags.workers}".`);
  }
  const onlyFiles = given.every((path) => isUrl(path) || statSync(path, { throwIfNoEntry: false })?.isFile());
  const { convertOnThisMachine } = await import("./on-this-machine.ts");
  return convertOnThisMachine({ workers: onlyFiles ? Math.min(asked, given.length) : asked });
}

function refused({ path, bytes, reason }: Unfit): FileResult {
  return {
    input: path,
    state: "failed",
    output: null,
    bytesBefore: bytes,
    bytesAfter: null,
    width: null,
    height: null,
    format: null,
    cached: false,
    warnings: [],
    error: reason,
  };
}
