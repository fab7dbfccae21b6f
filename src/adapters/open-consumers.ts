import type { Consumer } from "../ports/broker.ts";

interface Closable {
  close(): Promise<void>;
  /** Whether everything it was handed has been settled or returned. */
  isEmpty(): boolean;
}

/**
 * The consumer as its caller gets it: closed by a call or by its signal. A broker keeps track of its consumers for as
 * long as they hold something.
 */
export function keepConsumer<C extends Closable>(
  open: Set<C>,
  consumer: C,
  signal: AbortSignal | undefined,
  isClosing: boolean,
): Consumer {
  open.add(consumer);
  const stop = async () => {
    signal?.removeEventListener("abort", abort);
    await consumer.close();
    if (consumer.isEmpty()) open.delete(consumer);
  };
  const abort = () => void stop();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted || isClosing) abort();
  return { close: stop };
}
