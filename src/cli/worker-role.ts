import { constants, setPriority } from "node:os";
import { budgetBytes, type Config } from "../compose/config.ts";
import { rangeOf } from "../compose/settings.ts";
import type { StepLog } from "../pipeline/context.ts";
import { machineBudget } from "../supervisor/memory.ts";
import type { Run } from "./role.ts";
import { mayBlockFor, tell } from "./supervisor-link.ts";

/** Exit code of a process with a stuck step. */
const EXIT_STUCK = 75;

export const runWorker: Run = async (resolved, writer, begins) => {
  const { config, inline } = resolved;
  // Give the API priority on a busy machine.
  if (writer !== null) setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const { startWorker } = await import("../worker/worker.ts");
  const { GRACE_MS } = await import("../engine/until-aborted.ts");
  const { openEngine } = await import("../compose/open-engine.ts");
  const { brokerMark } = await import("../compose/move-broker.ts");
  const { stepSource } = await import("../compose/step-source.ts");
  const { version } = await import("../compose/version.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger, takeLostLines } = createLogger(config.logLevel, "worker");
  const { engine, replica, deliver, close } = await openEngine({ config, writer }, inline, stepLog(logger));
  if (engine.catalogs.list().length > 0) await replica.start();
  const steps = engine.pipelines.list().flatMap((pipeline) => pipeline.steps);
  await mayBlockFor(Math.max(...steps.map((step) => step.timeoutMs)) + GRACE_MS);
  begins();
  const worker = await startWorker({
    engine,
    log: stepLog(logger),
    takeLostLines,
    concurrency: config.concurrency ?? undefined,
    // Workers of one supervisor share the machine's memory.
    memoryMiB: config.memoryMiB / (process.connected ? Math.max(1, rangeOf(config.workers).max) : 1),
    drainMs: config.drain * 1_000,
    broker: brokerMark(config),
    renewer: {
      opener: new URL("../compose/lease-store.ts", import.meta.url).href,
      config: { config, writer },
    },
    memory: machineBudget(budgetBytes(config)),
    steps: stepSource(resolved),
    version: version(),
    // Same as a service manager's signal: running tasks are finished or handed back.
    onDrainAsked: () => process.kill(process.pid, "SIGTERM"),
    onStuck() {
      logger.error("a step ignores its signal, so this worker drains and exits");
      void worker
        .drain()
        .finally(() => tell({ kind: "stopped" }))
        .finally(() => process.exit(EXIT_STUCK));
    },
  });
  const deliverer = await deliver(stepLog(logger));
  const stopTelling = tellRunning(worker);
  const cost = await followPod(config, worker, stepLog(logger));
  return {
    details: { worker: worker.id },
    async stop(ms) {
      const [interrupted] = await Promise.all([worker.drain(ms), deliverer.close()]);
      stopTelling();
      cost?.close();
      await close();
      return interrupted;
    },
  };
};

const TELL_RUNNING_MS = 100;

/** Lets a supervisor stop idle workers before busy ones. */
function tellRunning(worker: { readonly running: number }): () => void {
  if (!process.connected) return () => {};
  let told = -1;
  const timer = setInterval(() => {
    const { running } = worker;
    if (running === told) return;
    told = running;
    void tell({ kind: "running", running });
  }, TELL_RUNNING_MS);
  return () => clearInterval(timer);
}

/** On Kubernetes, makes the autoscaler delete the pods with the least work first. */
async function followPod({ pod }: Config, worker: { readonly running: number }, log: StepLog) {
  if (pod === null) return null;
  const { inCluster, followDeletionCost } = await import("../worker/deletion-cost.ts");
  const [namespace, name] = pod.split("/") as [string, string];
  const { KUBERNETES_SERVICE_HOST: host = "kubernetes.default.svc", KUBERNETES_SERVICE_PORT: port = "443" } =
    process.env;
  const cluster = await inCluster(`https://${host.includes(":") ? `[${host}]` : host}:${port}`);
  return followDeletionCost({ ...cluster, namespace, name, running: () => worker.running, log });
}
