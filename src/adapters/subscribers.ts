import type { BusHandler } from "../ports/bus.ts";

interface Subscriber {
  handler: BusHandler;
  onGap: (() => void) | undefined;
}

/** This process's bus subscribers, by channel. */
export class Subscribers {
  readonly #byChannel = new Map<string, Set<Subscriber>>();

  get channels(): string[] {
    return [...this.#byChannel.keys()];
  }

  has(channel: string): boolean {
    return this.#byChannel.has(channel);
  }

  /** @returns an unsubscribe function, which returns whether nobody listens to the channel any more */
  add(channel: string, handler: BusHandler, onGap?: () => void): () => boolean {
    const one = { handler, onGap };
    this.#byChannel.set(channel, (this.#byChannel.get(channel) ?? new Set()).add(one));
    return () => {
      const some = this.#byChannel.get(channel);
      if (!some?.delete(one) || some.size > 0) return false;
      return this.#byChannel.delete(channel);
    };
  }

  tell(channel: string, text: string): void {
    for (const { handler } of [...(this.#byChannel.get(channel) ?? [])]) attempt(() => handler(text));
  }

  /** Messages may have been missed. */
  tellOfGap(): void {
    for (const { onGap } of [...this.#byChannel.values()].flatMap((some) => [...some]))
      if (onGap) attempt(onGap);
  }

  clear(): void {
    this.#byChannel.clear();
  }
}

/** A handler's failure must not affect the bus. */
function attempt(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      process.emitWarning(error instanceof Error ? error : String(error), { code: "MILLRACE_BUS_HANDLER" });
    });
  }
}
