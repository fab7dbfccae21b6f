import type { Broker } from "../../ports/broker.ts";

/** Prefixes the queue names, so that several installations can share a virtual host. */
export function prefixed(broker: Broker, prefix: string): Broker {
  const name = (queue: string) => `${prefix}:${queue}`;
  return {
    ...broker,
    publish: (queue, messages) => broker.publish(name(queue), messages),
    consume: (queue, options, handler) =>
      broker.consume(name(queue), options, (delivery) => handler({ ...delivery, queue })),
    depth: (queue) => broker.depth!(name(queue)),
    deadLetters: (queue, limit) => broker.deadLetters!(name(queue), limit),
  };
}
