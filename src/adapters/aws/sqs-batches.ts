/** An item to be sent to SQS in a batch; its outcome comes back individually. */
interface Waiting<T, R> {
  item: T;
  bytes: number;
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface BatchLimits {
  /** Total bytes of a batch. */
  bytes: number;
  /** Batches in flight; items that come meanwhile fill the next ones. */
  parallel: number;
}

const MAX_ENTRIES = 10;

/**
 * Collects items into SQS's batches of ten: whatever is added in one turn of the event loop, and while other batches
 * are in flight, goes together.
 * @param send returns one result for each item, in order
 */
export function createBatches<T, R>(
  limits: BatchLimits,
  send: (items: T[]) => Promise<R[]>,
): { add(item: T, bytes?: number): Promise<R>; idle(): Promise<void> } {
  let waiting: Waiting<T, R>[] = [];
  let running = 0;
  let scheduled = false;
  let idlers: (() => void)[] = [];

  function start(): void {
    scheduled = false;
    while (running < limits.parallel && waiting.length > 0) void run(take());
    if (running === 0 && waiting.length === 0) {
      const ready = idlers;
      idlers = [];
      for (const resolve of ready) resolve();
    }
  }

  function take(): Waiting<T, R>[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of waiting.slice(0, MAX_ENTRIES)) {
      if (count > 0 && bytes + more > limits.bytes) break;
      bytes += more;
      count++;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  }

  async function run(batch: Waiting<T, R>[]): Promise<void> {
    running++;
    try {
      const results = await send(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running--;
    start();
  }

  return {
    add(item, bytes = 0) {
      return new Promise((resolve, reject) => {
        waiting.push({ item, bytes, resolve, reject });
        if (!scheduled) {
          scheduled = true;
          setImmediate(start);
        }
      });
    },
    idle() {
      return new Promise((resolve) => {
        idlers.push(resolve);
        setImmediate(start);
      });
    },
  };
}
