import type { Store } from "../ports/store/store.ts";

/** A queue with waiting tasks that no live worker consumes. */
export interface UnservedQueue {
  name: string;
  /** Tasks that are due or delayed. */
  waiting: number;
}

/** Usually queues of a pipeline version that jobs were created with but that no worker has any more. */
export async function unservedQueues(store: Pick<Store, "queues" | "now">): Promise<UnservedQueue[]> {
  const queues = await store.queues({ now: store.now() });
  return queues
    .map(({ name, workers, ready, scheduled }) => ({ name, workers, waiting: ready + scheduled }))
    .filter(({ workers, waiting }) => workers === 0 && waiting > 0)
    .map(({ name, waiting }) => ({ name, waiting }));
}

/** Text for people: `noted@2/step` is the step of version 2 of `noted`. */
export function describeQueue(queue: string): string {
  const [, name, version = "1", step] = /^(.*?)(?:@(\d+))?\/([^/]+)$/.exec(queue) ?? [];
  return name === undefined ? queue : `the step "${step}" of ${name}, version ${version}`;
}
