/**
 * Group commit: entries added while `run` is busy, or in the same turn of the event loop, share its next call.
 * `run` returns one result per entry, in order.
 */
export function grouped<In, Out>(
  run: (batch: In[]) => Promise<Out[]>,
  limit = 1_000,
): (entry: In) => Promise<Out> {
  const waiting: { entry: In; resolve: (out: Out) => void; reject: (error: unknown) => void }[] = [];
  let running = false;

  async function drain(): Promise<void> {
    running = true;
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.splice(0, limit);
      try {
        const outs = await run(batch.map(({ entry }) => entry));
        for (const [n, { resolve }] of batch.entries()) resolve(outs[n]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (entry) =>
    new Promise((resolve, reject) => {
      waiting.push({ entry, resolve, reject });
      if (!running) void drain();
    });
}
