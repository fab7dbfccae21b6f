import type { FastifyBaseLogger } from "fastify";
import type { Engine } from "../engine/engine.ts";
import { describeQueue, type UnservedQueue, unservedQueues } from "../engine/unserved.ts";

const FRESH_MS = 1_000;
const LOOK_MS = 10_000;

/** Watches for queues with waiting tasks and no worker. */
export interface UnservedWatch {
  /** At most a second old. If the store is down, returns the last known value. */
  queues(): Promise<readonly UnservedQueue[]>;
  close(): void;
}

/** Also logs each such queue once after 10 s, because workers may still be starting. */
export function watchUnserved({ store }: Pick<Engine, "store">, logger: FastifyBaseLogger): UnservedWatch {
  let known: UnservedQueue[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  let before = new Set<string>();
  const logged = new Set<string>();

  async function queues(): Promise<readonly UnservedQueue[]> {
    if (performance.now() - readAt > FRESH_MS) {
      reading ??= unservedQueues(store)
        .then(
          (found) => {
            known = found;
          },
          (error: unknown) => logger.debug({ err: error }, "the queues could not be read"),
        )
        .finally(() => {
          readAt = performance.now();
          reading = null;
        });
      await reading;
    }
    return known;
  }

  async function look(): Promise<void> {
    const present = await queues();
    const names = new Set(present.map(({ name }) => name));
    for (const { name, waiting } of present) {
      if (!before.has(name) || logged.has(name)) continue;
      logged.add(name);
      logger.warn({ queue: name, waiting }, `no worker serves ${describeQueue(name)}, so its tasks wait`);
    }
    for (const name of logged) if (!names.has(name)) logged.delete(name);
    before = names;
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return { queues, close: () => clearInterval(timer) };
}
