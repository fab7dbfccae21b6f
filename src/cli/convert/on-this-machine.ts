import { createReadStream, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { childEnvironment } from "../../compose/child-environment.ts";
import { budgetBytes, resolveConfig } from "../../compose/config.ts";
import { startEmbedded } from "../../compose/embedded.ts";
import { openEngine } from "../../compose/open-engine.ts";
import { environmentName } from "../../compose/settings.ts";
import { checkTemporaryFolder } from "../../compose/temporary-folder.ts";
import { isTerminal } from "../../domain/states.ts";
import type { Engine, JobFile, ReceivedFile } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { MillraceError } from "../../errors.ts";
import { supervise } from "../../supervisor/supervisor.ts";
import { type ConvertEvent, type Converter, type ConvertJob, PIPELINE } from "./converter.ts";

const OWNER = "local";
/** Files to import concurrently. */
const INTAKE = 4;
const EVENTS = 1_000;

/** Server settings that also apply without a server. */
const kept = ["maxMegapixels", "maxFileMiB", "concurrency", "memoryMiB", "outgoingAllow"] as const;

/**
 * Runs the engine of `millrace start` without its API for one command: records and files in a temporary folder, steps
 * in worker processes.
 */
export async function convertOnThisMachine(options: { workers: number }): Promise<Converter> {
  await checkTemporaryFolder();
  const data = await mkdtemp(join(tmpdir(), "millrace-convert-"));
  const atExit = () => rmSync(data, { recursive: true, force: true });
  process.once("exit", atExit);
  const undo: (() => unknown)[] = [
    () => rm(data, { recursive: true, force: true, maxRetries: 5 }),
    () => process.removeListener("exit", atExit),
  ];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    // In a separate folder, so that no server's configuration file applies.
    const { config } = await resolveConfig({ data, logLevel: "silent" }, settingsOf(process.env), data);
    const writer = await startEmbedded(config);
    if (writer) undo.push(() => writer.close());
    const { engine, close: closeEngine } = await openEngine({ config, writer: writer?.socketPath ?? null });
    undo.push(closeEngine);

    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    const supervisor = supervise({
      entry: process.argv[1]!,
      cwd: data,
      env: childEnvironment({ ...config, workers: options.workers }, writer, {
        ...process.env,
        MILLRACE_PIPELINES: "",
      }),
      children: Array.from({ length: options.workers }, (_, n) => ({
        name: `worker ${n + 1}`,
        args: ["worker"],
      })),
      memoryBytes: budgetBytes(config),
      onEvent() {},
    });
    undo.push(() => supervisor.stop());
    supervisor.started.catch((error: Error) =>
      broken.reject(new MillraceError("unavailable", error.message)),
    );
    void writer?.ended.then((error) =>
      broken.reject(error ?? new MillraceError("closed", "The writer exited.")),
    );
    return converter(engine, broken.promise, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function settingsOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(kept.map((name) => [environmentName(name), env[environmentName(name)]]));
}

function converter(engine: Engine, broken: Promise<never>, close: () => Promise<void>): Converter {
  const { store, blobs, bus } = engine;
  return {
    server: null,
    close,
    accepts: async () => engine.pipelines.get(PIPELINE)!.accepts,
    async submit(job, signal) {
      const { files, optionFiles } = await takeIn(engine, job, signal);
      const request = { owner: OWNER, pipeline: PIPELINE, options: job.options, files, optionFiles };
      return (await engine.createJob(request)).job.id;
    },
    async follow(jobId, onEvent, signal) {
      let wake = Promise.withResolvers<void>();
      const onAbort = () => wake.resolve();
      signal.addEventListener("abort", onAbort);
      const listening = await Promise.all([
        bus.subscribe(topics.log, () => wake.resolve()),
        bus.subscribe(topics.live, (text) => {
          const message = engine.messages.live(text);
          if (message?.jobId !== jobId) return;
          const { type, index, attempt, data } = message;
          onEvent({ type, data: { ...data, index, attempt } });
        }),
      ]);
      try {
        for (let after = 0; ; ) {
          signal.throwIfAborted();
          wake = Promise.withResolvers();
          const events = await store.events({ owner: OWNER, after, limit: EVENTS, jobId });
          for (const { type, data, seq } of events) {
            after = seq;
            onEvent({ type, data } as ConvertEvent);
            if (isTerminal(type)) return;
          }
          if (events.length === 0) await Promise.race([wake.promise, broken]);
        }
      } finally {
        signal.removeEventListener("abort", onAbort);
        await Promise.all(listening.map((one) => one.close()));
      }
    },
    async open(artifactId): Promise<Readable> {
      const file = await store.artifact({ owner: OWNER, id: artifactId });
      if (file === null || file === "expired")
        throw new MillraceError("gone", "The result no longer exists.");
      return blobs.open(file.blob);
    },
    cancel: (jobId) => engine.cancelJob(OWNER, jobId),
  };
}

async function takeIn(engine: Engine, job: ConvertJob, signal: AbortSignal) {
  const { mediaTypes, maxFileBytes: maxBytes } = engine.pipelines.get(PIPELINE)!.accepts;
  const receive = (path: string, name: string, types: readonly string[]) =>
    engine.receive(createReadStream(path), { name, mediaTypes: types, maxBytes, signal });

  const files = new Array<JobFile>(job.files.length);
  const waiting = job.files.entries();
  const lane = async () => {
    for (const [index, { path, name, isRemote }] of waiting)
      files[index] = isRemote ? { url: path } : await receive(path, name, mediaTypes);
  };
  await Promise.all(Array.from({ length: INTAKE }, lane));
  const optionFiles = new Map<string, ReceivedFile>();
  if (job.watermark !== null) {
    optionFiles.set("watermark.image", await receive(job.watermark, basename(job.watermark), ["*"]));
  }
  return { files, optionFiles };
}
