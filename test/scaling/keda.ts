/**
 * A simulated KEDA: its metrics-api scaler and the autoscaler that it feeds, following the docs of KEDA and
 * Kubernetes, with real worker processes. `npm run scale:keda` measures scale-ins under load, and scaling from zero.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** A pod with one worker. */
export interface Pod {
  readonly pid: number;
  readonly startedAt: number;
  /** Ends it like the kubelet: a signal, then a kill after the grace period. @returns whether it had to be killed */
  terminate(graceMs: number): Promise<boolean>;
}

export interface KedaOptions {
  /** Reads `/v1/admin/scale` and returns the value at `valueLocation`. */
  value(): Promise<number>;
  /** Number of tasks that a pod runs, according to its deletion cost. */
  cost(pod: Pod): Promise<number>;
  start(): Pod;
  targetValue: number;
  minReplicas: number;
  maxReplicas: number;
  /** `pollingInterval`. */
  pollMs: number;
  /** `cooldownPeriod`: scales to zero after this time without demand. */
  cooldownMs: number;
  /** How often the autoscaler checks; Kubernetes' default is 15 s. */
  syncMs: number;
  /** `scaleDown.stabilizationWindowSeconds`. */
  stabilizeMs: number;
  graceMs: number;
}

export interface Keda {
  readonly pods: readonly Pod[];
  readonly counts: { scaleIns: number; scaleOuts: number; killed: number };
  stop(): Promise<void>;
}

/** Differences of less than a tenth change nothing. */
const TOLERANCE = 0.1;

export function simulateKeda(options: KedaOptions): Keda {
  const pods: Pod[] = [];
  const counts = { scaleIns: 0, scaleOuts: 0, killed: 0 };
  const stop = new AbortController();
  const ending = new Set<Promise<void>>();
  let activeAt = performance.now();
  let recommended: { at: number; replicas: number }[] = [];

  /** KEDA itself: scales between zero and one. */
  async function poll(): Promise<void> {
    const isActive = (await options.value()) > 0;
    if (isActive) activeAt = performance.now();
    if (isActive && pods.length === 0) return scaleTo(Math.max(1, options.minReplicas));
    const isCold = performance.now() - activeAt >= options.cooldownMs;
    if (!isActive && isCold && options.minReplicas === 0) await scaleTo(0);
  }

  /** The autoscaler of Kubernetes: scales from one upward. */
  async function sync(): Promise<void> {
    if (pods.length === 0) return;
    const value = await options.value();
    const ratio = value / (options.targetValue * pods.length);
    const raw = Math.abs(ratio - 1) <= TOLERANCE ? pods.length : Math.ceil(value / options.targetValue);
    const now = performance.now();
    const bounded = Math.min(options.maxReplicas, Math.max(1, options.minReplicas, raw));
    recommended = recommended.filter(({ at }) => now - at < options.stabilizeMs);
    recommended.push({ at: now, replicas: bounded });
    const stable = Math.max(...recommended.map(({ replicas }) => replicas));
    await scaleTo(bounded > pods.length ? bounded : Math.min(pods.length, stable));
  }

  async function scaleTo(replicas: number): Promise<void> {
    while (pods.length < replicas) {
      pods.push(options.start());
      counts.scaleOuts++;
    }
    if (pods.length === replicas) return;
    const costs = await Promise.all(pods.map(async (pod) => ({ pod, cost: await options.cost(pod) })));
    costs.sort((a, b) => a.cost - b.cost || b.pod.startedAt - a.pod.startedAt);
    for (const { pod } of costs.slice(0, pods.length - replicas)) {
      pods.splice(pods.indexOf(pod), 1);
      counts.scaleIns++;
      const ended = pod.terminate(options.graceMs).then((wasKilled) => {
        if (wasKilled) counts.killed++;
        ending.delete(ended);
      });
      ending.add(ended);
    }
  }

  async function repeat(ms: number, work: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      // If the API does not answer, nothing changes.
      await work().catch(() => {});
      await sleep(ms, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  const loops = [repeat(options.pollMs, poll), repeat(options.syncMs, sync)];
  return {
    pods,
    counts,
    async stop() {
      stop.abort();
      await Promise.all(loops);
      await scaleTo(0);
      await Promise.all(ending);
    },
  };
}
