import { readFile } from "node:fs/promises";
import { Agent, type Dispatcher, request } from "undici";
import type { StepLog } from "../pipeline/context.ts";

const ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";
const LOOK_MS = 1_000;
/** Each change is a write to the cluster's own database; Kubernetes asks to keep these rare. */
const PAUSE_MS = 10_000;
const ANSWER_MS = 5_000;
const SECRETS = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface Cluster {
  /** URL of the API server. */
  api: string;
  /** Called for each request: the token is rotated while the pod runs. */
  token(): Promise<string>;
  dispatcher?: Dispatcher;
}

export interface DeletionCostOptions extends Cluster {
  namespace: string;
  name: string;
  /** Number of running tasks. */
  running(): number;
  log: Pick<StepLog, "warn">;
  /** @default 10 s */
  pauseMs?: number;
}

/** The cluster of this pod, with its service account. */
export async function inCluster(api: string): Promise<Cluster> {
  const ca = await readFile(`${SECRETS}/ca.crt`);
  const token = async () => (await readFile(`${SECRETS}/token`, "utf8")).trim();
  return { api, token, dispatcher: new Agent({ connect: { ca } }) };
}

/**
 * Writes the number of running tasks as the pod's deletion cost. When a deployment scales in, Kubernetes removes the
 * cheapest pods first, so idle workers go before busy ones. It lags by up to `pauseMs`; a pod that is terminated
 * finishes its tasks anyway.
 */
export function followDeletionCost(options: DeletionCostOptions): { close(): void } {
  const { api, namespace, name, log, pauseMs = PAUSE_MS } = options;
  const url = `${api}/api/v1/namespaces/${namespace}/pods/${name}`;
  let written: number | null = null;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let isWriting = false;
  let isWarned = false;

  async function write(cost: number): Promise<void> {
    const { statusCode, body } = await request(url, {
      method: "PATCH",
      dispatcher: options.dispatcher,
      headers: {
        authorization: `Bearer ${await options.token()}`,
        "content-type": "application/merge-patch+json",
      },
      body: JSON.stringify({ metadata: { annotations: { [ANNOTATION]: String(cost) } } }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await body.dump();
    if (statusCode >= 300) throw new Error(`the cluster answered ${statusCode}`);
    written = cost;
    isWarned = false;
  }

  const timer = setInterval(
    () => {
      const cost = options.running();
      if (isWriting || cost === written || performance.now() - writtenAt < pauseMs) return;
      isWriting = true;
      writtenAt = performance.now();
      write(cost)
        .catch((error: Error) => {
          if (!isWarned) log.warn("the pod's deletion cost cannot be written", { error: error.message });
          isWarned = true;
        })
        .finally(() => {
          isWriting = false;
        });
    },
    Math.min(LOOK_MS, pauseMs),
  );
  timer.unref();
  return { close: () => clearInterval(timer) };
}
