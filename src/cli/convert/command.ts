import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { serverUrl } from "../client/server-url.ts";
import { onInterrupt } from "../interrupt.ts";
import { exitCode, printJson, usageError } from "../output.ts";
import type { Converter } from "./converter.ts";
import type { ConvertFlags } from "./flags.ts";
import { findInputs, type Input, isUrl, type Unfit } from "./inputs.ts";
import type { FileResult, Planned } from "./run.ts";
import { existingResult, existsError, planTargets, STANDARD_OUTPUT } from "./targets.ts";

interface Flags extends ConvertFlags {
  out: string;
  force?: boolean;
  server?: string;
  workers?: string;
  json?: boolean;
}

/** Files per job, unless the server accepts fewer. */
const BATCH = 50;

/** Handles the command line of `convert`. */
export async function convert(given: string[], flags: Flags): Promise<void> {
  const began = performance.now();
  const { convertOptions } = await import("./options.ts");
  const options = convertOptions(flags);
  const out = flags.out === STANDARD_OUTPUT ? null : resolve(flags.out);
  if (out === null && flags.json)
    throw usageError("--json and --out - both need standard output: choose one.");
  const interruption = onInterrupt();
  const converter = await openConverter(flags, given);
  try {
    const accepts = await converter.accepts();
    const { files: found, unfit, skipped } = await findInputs(given, out, accepts);
    if (found.length + unfit.length === 0) throw usageError(`No images found in ${given.join(", ")}.`);
    if (out === null && found.length + unfit.length > 1)
      throw usageError("--out - writes one result to standard output: name one image.");
    const { files, existing } = planned(found, out, options.format, flags);
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
    const summary = summarize([...results, ...[...existing, ...unfit].map(refused)], {
      server: converter.server,
      out: out ?? STANDARD_OUTPUT,
      skipped,
      ms: performance.now() - began,
      interrupted: interruption.signal.aborted,
    });
    if (flags.json) printJson(summary);
    else (out === null ? console.error : console.log)(summaryText(summary));
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

/** Files to convert with the names of their results, and files whose results already exist. */
function planned(found: readonly Input[], out: string | null, format: string, { force, pages }: Flags) {
  const files: Planned[] = [];
  const existing: Unfit[] = [];
  const stems = planTargets(found, format);
  for (const [index, file] of found.entries()) {
    const stem = stems[index]!;
    const path = out === null || force ? null : existingResult(out, stem, format, pages === "all");
    if (path === null) files.push({ ...file, stem });
    else existing.push({ path: file.path, bytes: file.bytes, reason: existsError(path).message });
  }
  return { files, existing };
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
    outputs: [],
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
