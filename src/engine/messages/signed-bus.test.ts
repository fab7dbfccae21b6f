import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { sqliteBus } from "../../adapters/sqlite/bus.ts";
import { connectWriter, startWriter, type Writer } from "../../adapters/sqlite/client.ts";
import { signer } from "../../domain/keys.ts";
import type { Bus } from "../../ports/bus.ts";
import { refusal } from "../../testing/refusal.ts";
import { countDrops } from "./drops.ts";
import { signedBus } from "./signed-bus.ts";

const key = "a".repeat(32);
let folder: string;
let writer: Writer;
/** The bus as an outsider with access to it uses it. */
let raw: Bus;
const open: Bus[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-signed-"));
  writer = await startWriter({ path: join(folder, "millrace.db"), publishes: true });
});
beforeEach(async () => {
  raw = await openBus();
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((bus) => bus.close()));
});
afterAll(async () => {
  await writer.close();
  await rm(folder, { recursive: true, force: true });
});

async function openBus(): Promise<Bus> {
  const bus = sqliteBus(await connectWriter(writer.socketPath));
  open.push(bus);
  return bus;
}

async function process(secret = key) {
  const drops = countDrops();
  const bus = signedBus(await openBus(), signer([secret], "bus"), drops);
  const heard: string[] = [];
  await bus.subscribe("topic", (text) => void heard.push(text));
  return { bus, drops, heard };
}

/** The messages on the wire while `run` runs. */
async function recorded(run: () => Promise<void>): Promise<string[]> {
  const messages: string[] = [];
  const ear = await raw.subscribe("topic", (message) => void messages.push(message));
  await run();
  await expect.poll(() => messages.length).toBeGreaterThan(0);
  await ear.close();
  return messages;
}

test("processes with one key hear each other, each subscription everything", async () => {
  const [one, other] = [await process(), await process()];
  const second: string[] = [];
  await other.bus.subscribe("topic", (text) => void second.push(text));
  for (const text of ["1", "", "한국어.1.2."]) await one.bus.publish("topic", text);
  await expect.poll(() => [one.heard, other.heard, second]).toEqual(Array(3).fill(["1", "", "한국어.1.2."]));
  expect(other.drops.take()).toEqual([]);
});

test("what has no tag, or another's, is dropped and counted", async () => {
  const [one, stranger] = [await process(), await process("b".repeat(32))];
  await raw.publish("topic", '{"count":30000000000}');
  await stranger.bus.publish("topic", "from another installation");
  const [mine] = await recorded(() => one.bus.publish("topic", "mine"));
  await raw.publish("topic", `${mine}, changed`);
  await one.bus.publish("topic", "last");
  await expect.poll(() => one.heard).toEqual(["mine", "last"]);
  expect(one.drops.take()).toEqual([
    { source: "bus", reason: "unsigned", count: 1 },
    { source: "bus", reason: "forged", count: 2 },
  ]);
});

test("a recording is heard once, on its own topic, and not when it is old", async () => {
  const one = await process();
  const elsewhere: string[] = [];
  await one.bus.subscribe("elsewhere", (text) => void elsewhere.push(text));
  const [mine] = await recorded(() => one.bus.publish("topic", "mine"));
  await raw.publish("topic", mine!);
  await raw.publish("elsewhere", mine!);
  await one.bus.publish("topic", "last");
  await expect.poll(() => one.heard).toEqual(["mine", "last"]);
  expect(elsewhere).toEqual([]);
  expect(one.drops.take()).toEqual([
    { source: "bus", reason: "replayed", count: 1 },
    { source: "bus", reason: "forged", count: 1 },
  ]);

  const late = await process();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 16 * 60_000 });
  await raw.publish("topic", mine!);
  await expect.poll(() => late.drops.take()).toEqual([{ source: "bus", reason: "stale", count: 1 }]);
});

test("a message that would not fit with its tag is refused", async () => {
  const one = await process();
  await one.bus.publish("topic", "x".repeat(6_900));
  await refusal(one.bus.publish("topic", "x".repeat(6_901)), "payload_too_large");
});
