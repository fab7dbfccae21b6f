import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Broker, ConsumeOptions, Consumer, Delivery, Message } from "../../ports/broker.ts";
import { type Child, startChild } from "../child.ts";
import type { BrokerErrand } from "../fixtures/broker-child.ts";
import type { ChildOpening, Outage, Report, Skip } from "../points.ts";
import { eventually, persist, sleep } from "../wait.ts";

/** Describes an adapter to the suite. All brokers that `open` returns share the same queues. */
export interface BrokerHarness {
  /** As in the matrix of `docs/measurements/broker-conformance.md`. */
  name: string;
  /** Opens another broker with its own connection. The suite closes it. */
  open(): Promise<Broker>;
  /** If it is text, points that need a crash are skipped with this reason. */
  child: ChildOpening | string;
  /** Makes the service unreachable for a while, or the reason why that is impossible. */
  outage: Outage | string;
  /** Restarts the real service as an operator would, or the reason why that is not done. */
  restart: (() => Promise<void>) | string;
  /**
   * Takes a broker's deliveries away without its doing, if a connection owns them (by cutting it). Not needed if
   * ownership expires after `ownershipMs`.
   */
  loseOwnership?: (broker: Broker) => Promise<void>;
  /** Longest wait until a killed consumer's deliveries come again. @default `ownershipMs` + 5,000 */
  redeliveryMs?: number;
  /** How long to wait to conclude that nothing comes. @default 300 */
  quietMs?: number;
  /** Longest wait for an ordinary delivery. @default 10_000 */
  patienceMs?: number;
  /** Removes the queues that the suite created. */
  cleanUp?: (queues: readonly string[]) => Promise<void>;
}

/** What one point's test works with; everything it opened is closed afterwards. */
export interface BrokerFixture {
  readonly harness: BrokerHarness;
  readonly skip: Skip;
  readonly report: Report;
  readonly patienceMs: number;
  open(): Promise<Broker>;
  /** A unique queue name, ending in `suffix`. */
  queue(suffix?: string): string;
  /** Registers queues that the test created itself, for removal afterwards. */
  adopt(queues: readonly string[]): void;
  /** Consumes and collects deliveries. */
  take(broker: Broker, queue: string, options?: TakeOptions): Promise<Taken>;
  /** Publishes, and expects every message to be accepted. */
  put(broker: Broker, queue: string, messages: readonly Message[]): Promise<void>;
  /** Starts a process that holds or publishes; skips the point if the adapter cannot be opened in one. */
  child(errand: Omit<BrokerErrand, "opening">): Child;
  outage(): Outage;
  /** How long a crash may delay a delivery. */
  redeliveryMs(broker: Broker): number;
  /** Waits long enough to notice what should not come. */
  quiet(): Promise<void>;
}

export interface TakeOptions extends Partial<ConsumeOptions> {
  /** Called for each delivery after it was collected. @default acknowledges it */
  handle?: (delivery: Delivery) => void | Promise<void>;
}

export interface Taken {
  readonly deliveries: Delivery[];
  readonly consumer: Consumer;
  ids(): string[];
  /** Waits for `count` deliveries, and returns the first `count`. */
  until(count: number, ms?: number): Promise<Delivery[]>;
  /** Waits until each id has come at least once. */
  untilAll(ids: readonly string[], ms?: number): Promise<void>;
}

const space = randomBytes(4).toString("hex");
let queues = 0;

/** Runs a point's test with its own fixture. */
export async function withFixture(
  harness: BrokerHarness,
  prove: (fixture: BrokerFixture) => Promise<void>,
  skip: Skip,
  report: Report,
): Promise<void> {
  const brokers: Broker[] = [];
  const children: Child[] = [];
  const names: string[] = [];
  const patienceMs = harness.patienceMs ?? 10_000;
  const fixture: BrokerFixture = {
    harness,
    skip,
    report,
    patienceMs,
    async open() {
      const broker = await harness.open();
      brokers.push(broker);
      return broker;
    },
    queue(suffix = "") {
      const name = `t${space}.${++queues}${suffix}`;
      names.push(name);
      return name;
    },
    adopt: (queues) => void names.push(...queues),
    take: (broker, queue, options = {}) => take(broker, queue, options, patienceMs),
    async put(broker, queue, messages) {
      const results = await broker.publish(queue, messages);
      expect(results.filter((result) => !result.ok)).toEqual([]);
    },
    child(errand) {
      if (typeof harness.child === "string") return skip(harness.child);
      const child = startChild("broker-child", { opening: harness.child, ...errand } as never);
      children.push(child);
      return child;
    },
    outage: () => (typeof harness.outage === "string" ? skip(harness.outage) : harness.outage),
    redeliveryMs: (broker) => harness.redeliveryMs ?? (broker.capabilities.ownershipMs ?? 0) + 5_000,
    quiet: () => sleep(harness.quietMs ?? 300),
  };
  try {
    await prove(fixture);
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await Promise.all(brokers.map((broker) => broker.close()));
    await harness.cleanUp?.(names);
  }
}

async function take(broker: Broker, queue: string, options: TakeOptions, patienceMs: number): Promise<Taken> {
  const { handle = (delivery) => delivery.ack(), prefetch = 10, signal } = options;
  const deliveries: Delivery[] = [];
  const ids = () => deliveries.map((delivery) => delivery.id);
  const consumer = await broker.consume(queue, { prefetch, signal }, (delivery) => {
    deliveries.push(delivery);
    return handle(delivery);
  });
  return {
    deliveries,
    consumer,
    ids,
    async until(count, ms = patienceMs) {
      await eventually(
        () => deliveries.length >= count,
        ms,
        () => `${deliveries.length} of ${count} deliveries`,
      );
      return deliveries.slice(0, count);
    },
    async untilAll(wanted, ms = patienceMs) {
      const missing = () => [...new Set(wanted).difference(new Set(ids()))];
      await eventually(
        () => missing().length === 0,
        ms,
        () =>
          `${missing().length} of ${wanted.length} messages are missing: ${missing().slice(0, 5).join(", ")}`,
      );
    },
  };
}

/** A handler that leaves its deliveries unsettled. */
export function hold(): void {}

/** `count` small messages; their ids start with `label`. */
export function messages(count: number, label = "m"): Message[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${label}-${index}`,
    payload: `payload ${index}`,
  }));
}

export function idsOf(list: readonly { id: string }[]): string[] {
  return list.map((message) => message.id);
}

/** Publishes until accepted, like the outbox, for times when the service comes and goes. */
export async function putAtLast(broker: Broker, queue: string, message: Message, ms = 30_000): Promise<void> {
  await persist(ms, async () => {
    const [result] = await broker.publish(queue, [message]);
    if (!result?.ok) throw result?.error;
  });
}
