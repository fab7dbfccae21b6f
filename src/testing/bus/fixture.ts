import { randomBytes } from "node:crypto";
import type { Bus, Subscription } from "../../ports/bus.ts";
import { type Child, startChild } from "../child.ts";
import type { BusErrand } from "../fixtures/bus-child.ts";
import type { ChildOpening, Outage, Skip } from "../points.ts";
import { eventually, sleep } from "../wait.ts";

/** Describes an adapter to the suite. All buses that `open` returns reach each other. */
export interface BusHarness {
  /** As in the matrix of `docs/measurements/broker-conformance.md`. */
  name: string;
  /** Opens another bus with its own connection. The suite closes it. */
  open(): Promise<Bus>;
  /** If it is text, points that need another process are skipped with this reason. */
  child: ChildOpening | string;
  /** Makes the service unreachable for a while, or the reason why that is impossible. */
  outage: Outage | string;
  /** How long to wait to conclude that nothing comes. @default 300 */
  quietMs?: number;
  /** Longest wait for an ordinary message. @default 5_000 */
  patienceMs?: number;
}

/** What one point's test works with; everything it opened is closed afterwards. */
export interface BusFixture {
  readonly harness: BusHarness;
  readonly skip: Skip;
  readonly patienceMs: number;
  open(): Promise<Bus>;
  /** A unique topic, ending in `suffix`. */
  topic(suffix?: string): string;
  /** Subscribes and collects messages. */
  listen(bus: Bus, topic: string, handle?: (text: string) => void): Promise<Heard>;
  /** Starts a process that publishes; skips the point if the adapter cannot be opened in one. */
  child(errand: Omit<BusErrand, "opening">): Child;
  outage(): Outage;
  /** Waits long enough to notice what should not come. */
  quiet(): Promise<void>;
}

export interface Heard {
  readonly texts: string[];
  readonly subscription: Subscription;
  /** How often `onGap` was called. */
  gaps(): number;
  /** Waits until `count` messages have arrived. */
  until(count: number, ms?: number): Promise<string[]>;
}

const space = randomBytes(4).toString("hex");
let topics = 0;

/** Runs a point's test with its own fixture. */
export async function withFixture(
  harness: BusHarness,
  prove: (fixture: BusFixture) => Promise<void>,
  skip: Skip,
): Promise<void> {
  const buses: Bus[] = [];
  const children: Child[] = [];
  const patienceMs = harness.patienceMs ?? 5_000;
  const fixture: BusFixture = {
    harness,
    skip,
    patienceMs,
    async open() {
      const bus = await harness.open();
      buses.push(bus);
      return bus;
    },
    topic: (suffix = "") => `t${space}.${++topics}${suffix}`,
    listen: (bus, topic, handle) => listen(bus, topic, handle, patienceMs),
    child(errand) {
      if (typeof harness.child === "string") return skip(harness.child);
      const child = startChild("bus-child", { opening: harness.child, ...errand } as never);
      children.push(child);
      return child;
    },
    outage: () => (typeof harness.outage === "string" ? skip(harness.outage) : harness.outage),
    quiet: () => sleep(harness.quietMs ?? 300),
  };
  try {
    await prove(fixture);
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await Promise.all(buses.map((bus) => bus.close()));
  }
}

async function listen(
  bus: Bus,
  topic: string,
  handle: ((text: string) => void) | undefined,
  patienceMs: number,
): Promise<Heard> {
  const texts: string[] = [];
  let gaps = 0;
  const subscription = await bus.subscribe(
    topic,
    (text) => {
      texts.push(text);
      handle?.(text);
    },
    () => gaps++,
  );
  return {
    texts,
    subscription,
    gaps: () => gaps,
    async until(count, ms = patienceMs) {
      await eventually(
        () => texts.length >= count,
        ms,
        () => `${texts.length} of ${count} messages were heard`,
      );
      return texts.slice(0, count);
    },
  };
}

/** `count` short texts in order. */
export function texts(count: number, label = "text"): string[] {
  return Array.from({ length: count }, (_, index) => `${label} ${index}`);
}
