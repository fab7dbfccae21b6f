import { createPresets, type Presets } from "../../engine/presets.ts";
import type { Application } from "../../server/application.ts";
import { openApplication } from "../application/open.ts";
import { givenConfig, type UserConfig } from "../config.ts";
import { startEmbedded } from "../embedded.ts";
import type { OpenEngine } from "../open-engine.ts";
import { closeData } from "../private-data.ts";
import { type Calls, engineCalls, type PipelineList } from "./calls.ts";
import { type Handler, type HandlerOptions, type MountedHandler, mountHandler } from "./handler.ts";
import { startWorkers, type Workers, type WorkOptions } from "./work.ts";

/** Settings as in `millrace.config.ts`. The environment is not read. */
export interface MillraceSettings<Pipelines extends PipelineList> extends Omit<UserConfig, "pipelines"> {
  /** Pipelines, and modules that export some. */
  pipelines?: Pipelines;
}

/** Millrace inside a program. Calls reject with a `MillraceError`. */
export interface Millrace<Pipelines extends PipelineList = PipelineList> extends Calls<Pipelines> {
  /**
   * Starts worker processes, which are replaced if they exit. Resolves when all are ready. They end with this process,
   * or gracefully with `close`.
   */
  work(options?: WorkOptions): Promise<Workers>;
  /** The API and the page, for `node:http`, Express, Fastify and others. */
  handler(options?: HandlerOptions): Handler;
  /** Stops workers and streams gracefully, and leaves nothing open. */
  close(): Promise<void>;
}

/**
 * Opens Millrace in this program, with the data folder or the servers in the settings. The data folder belongs to this
 * process until `close`.
 *
 * @example
 * const millrace = await createMillrace({ data: "data", pipelines: [shout] });
 * await millrace.work({ modules: [new URL("./pipelines.ts", import.meta.url)] });
 * const { id } = await millrace.submit("shout", { files: [{ path: "a.txt" }] });
 */
export async function createMillrace<const Pipelines extends PipelineList = []>(
  settings: MillraceSettings<Pipelines> = {},
): Promise<Millrace<Pipelines>> {
  const { config, inline } = givenConfig(settings as UserConfig, process.cwd());
  // The host program identifies callers and sets their limits.
  config.auth = "off";
  const { openEngine } = await import("../open-engine.ts");
  const { createLogger, stepLog } = await import("../logger.ts");
  const { logger } = createLogger(config.logLevel, "embedded");
  await closeData(config);
  const writer = await startEmbedded(config);
  const wiring = { config, writer: writer?.socketPath ?? null };
  let opened: OpenEngine | null = null;
  let presets: Presets;
  let application: Application | null;
  try {
    opened = await openEngine(wiring, inline, stepLog(logger));
    presets = createPresets(opened.replica, opened.engine);
    application = await openApplication(config, opened.engine);
    await opened.replica.start();
  } catch (error) {
    await opened?.close();
    await writer?.close();
    throw error;
  }
  const { engine, shares, notices, webhooks, close: closeEngine } = opened;
  const { startScheduler } = await import("../../engine/scheduler.ts");
  const scheduler = startScheduler(engine, stepLog(logger));
  const { startNotices, openMailer } = await import("../notices.ts");
  const noticing = startNotices(openMailer(config), { engine, notices, log: stepLog(logger) });
  const started: Workers[] = [];
  const mounted: MountedHandler[] = [];
  let closing: Promise<void> | null = null;

  async function closeAll(): Promise<void> {
    await Promise.allSettled(started.map((workers) => workers.stop()));
    await Promise.allSettled(mounted.map((one) => one.close()));
    await Promise.all([scheduler.close(), noticing.close()]);
    await closeEngine();
    await writer?.close();
  }

  const millrace: Millrace = {
    ...engineCalls(engine),
    async work(options = {}) {
      const workers = await startWorkers({ config, inline, writer }, options);
      started.push(workers);
      return workers;
    },
    handler(options = {}) {
      const one = mountHandler(
        { engine, presets, shares, notices, webhooks, application, config, logger },
        options,
      );
      mounted.push(one);
      return one.handle;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
  return millrace as Millrace<Pipelines>;
}
