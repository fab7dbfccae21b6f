import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type SupervisorEvent, supervise } from "../../supervisor/supervisor.ts";
import { childEnvironment } from "../child-environment.ts";
import { budgetBytes, type Config } from "../config.ts";
import { environmentName, rangeOf } from "../settings.ts";
import { packageRoot } from "../version.ts";

export interface WorkOptions {
  /**
   * The modules that export the pipelines, because functions cannot be sent to another process.
   * @default those among `pipelines` of the settings
   */
  modules?: readonly (string | URL)[];
  /** Number of worker processes. @default `workers` of the settings: one for each core */
  processes?: number;
  /** A worker has exited and is replaced, does not answer, or cannot be started. */
  onEvent?(event: SupervisorEvent): void;
}

export interface Workers {
  /** Process ids, by name. */
  pids(): Record<string, number>;
  /** Stops them gracefully: running tasks finish or are returned. */
  stop(): Promise<void>;
}

interface Embedded {
  config: Config;
  inline: readonly Pipeline[];
  writer: { socketPath: string } | null;
}

/** Starts `millrace worker` processes for the engine of this process, and waits until they are ready. */
export async function startWorkers(
  { config, inline, writer }: Embedded,
  { modules = [], processes = rangeOf(config.workers).max, onEvent = () => {} }: WorkOptions,
): Promise<Workers> {
  const paths = [
    ...config.pipelines,
    ...modules.map((one) => (one instanceof URL ? fileURLToPath(one) : one)),
  ];
  await checkModules({ ...config, pipelines: paths }, inline);
  const workerConfig = { ...config, workers: processes };
  const supervisor = supervise({
    entry: join(packageRoot, "bin", "millrace.js"),
    env: {
      ...childEnvironment(workerConfig, writer, process.env),
      [environmentName("pipelines")]: paths.join(","),
    },
    children: Array.from({ length: processes }, (_, n) => ({ name: `worker ${n + 1}`, args: ["worker"] })),
    memoryBytes: budgetBytes(config),
    onEvent,
  });
  try {
    await supervisor.started;
  } catch (error) {
    await supervisor.stop();
    throw new MillraceError("config_invalid", (error as Error).message, { cause: error });
  }
  return supervisor;
}

/** Pipelines passed as values must also be found by the worker processes. */
async function checkModules(config: Config, inline: readonly Pipeline[]): Promise<void> {
  const { loadPipelines } = await import("../load-pipelines.ts");
  const found = await loadPipelines(config, []);
  const missing = inline.find(({ name, version }) => !found.get(name, version));
  if (!missing) return;
  throw new MillraceError(
    "config_invalid",
    `Workers are separate processes. Add the module that exports ${missing.name}, version ${missing.version}, to \`modules\` of work().`,
  );
}
