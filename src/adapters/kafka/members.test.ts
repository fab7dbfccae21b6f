import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { afterAll, expect, test } from "vitest";
import type { Broker } from "../../ports/broker.ts";
import { refusal } from "../../testing/refusal.ts";
import { withService } from "../../testing/services.ts";
import { eventually, persist, sleep } from "../../testing/wait.ts";
import { openKafkaBroker } from "./broker.ts";
import { createAdmin } from "./client.ts";
import { topicOf } from "./names.ts";
import { parseKafkaUrl } from "./settings.ts";
import { removeTopics, service, serviceUrl as url } from "./testing.ts";

const prefix = `test-${randomBytes(4).toString("hex")}`;

await withService("Kafka", service, () => {
  const brokers: Broker[] = [];
  const open = async (options = {}) => {
    const broker = await openKafkaBroker(url, { prefix, ...options });
    brokers.push(broker);
    return broker;
  };
  afterAll(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await removeTopics(prefix);
  });

  test("members that join and leave under load lose nothing, and few messages come twice", async () => {
    const publisher = await open();
    const came = new Map<string, number>();
    const member = async () => {
      const broker = await open();
      await broker.consume("load", { prefetch: 10 }, async (delivery) => {
        came.set(delivery.id, (came.get(delivery.id) ?? 0) + 1);
        await sleep(2);
        // If its partition moved to another member while it slept, that member finishes it.
        await delivery.ack().catch((error) => expect(error.code).toMatch(/lost_ownership|closed/));
      });
      return broker;
    };
    const steady = await member();
    const sent: string[] = [];
    let loading = true;
    const load = (async () => {
      while (loading) {
        const batch = Array.from({ length: 20 }, (_, index) => ({
          id: `m-${sent.length + index}`,
          payload: "",
        }));
        const results = await publisher.publish("load", batch);
        expect(results.every((result) => result.ok)).toBe(true);
        sent.push(...batch.map(({ id }) => id));
        await sleep(20);
      }
    })();
    for (let round = 0; round < 3; round++) {
      const guest = await member();
      await sleep(700);
      await guest.close();
    }
    loading = false;
    await load;
    const missing = () => sent.filter((id) => !came.has(id)).length;
    await eventually(
      () => missing() === 0,
      15_000,
      () => `${missing()} of ${sent.length} messages are missing`,
    );
    const twice = [...came.values()].filter((count) => count > 1).length;
    // At most what the members held when partitions moved.
    expect(twice).toBeLessThanOrEqual(120);
    await steady.close();
  }, 60_000);

  test("what a killed process held comes again at once when another of its machine joins", async () => {
    const sessionMs = 45_000;
    const publisher = await open();
    await publisher.publish("killed", [{ id: "held", payload: "" }]);
    const program = `
      const { openKafkaBroker } = await import(${JSON.stringify(new URL("./broker.ts", import.meta.url))});
      const broker = await openKafkaBroker(...${JSON.stringify([url, { prefix, sessionMs }])});
      await broker.consume("killed", { prefetch: 1 }, ({ id }) => console.log(id));`;
    const victim = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    const [line] = await once(victim.stdout, "data");
    expect(String(line).trim()).toBe("held");
    victim.kill("SIGKILL");
    await once(victim, "exit");
    const came: string[] = [];
    const next = await open({ sessionMs });
    await next.consume("killed", { prefetch: 1 }, (delivery) => {
      came.push(delivery.id);
      return delivery.ack();
    });
    await eventually(
      () => came.includes("held"),
      sessionMs / 2,
      () => "the message of the killed process did not come",
    );
  }, 60_000);

  test("one process works on more messages than there are partitions, from all of them", async () => {
    const broker = await open({ partitions: 2 });
    const messages = Array.from({ length: 40 }, (_, index) => ({ id: `m-${index}`, payload: "" }));
    await broker.publish("wide", messages);
    let held = 0;
    await broker.consume("wide", { prefetch: 40 }, () => {
      held++;
    });
    await eventually(
      () => held === 40,
      10_000,
      () => `${held} of 40 messages are held`,
    );
  });

  test("partitions fill evenly", async () => {
    const broker = await open();
    for (let index = 0; index < 80; index += 10) {
      const batch = Array.from({ length: 10 }, (_, at) => ({ id: `m-${index + at}`, payload: "" }));
      await broker.publish("even", batch);
    }
    const admin = createAdmin(parseKafkaUrl(url));
    const partitions = Array.from({ length: 8 }, (_, partitionIndex) => ({ partitionIndex, timestamp: -1n }));
    const [ends] = await admin.listOffsets({ topics: [{ name: topicOf(prefix, "even"), partitions }] });
    await admin.close();
    expect(ends!.partitions.map(({ offset }) => offset)).toEqual(Array.from({ length: 8 }, () => 10n));
  });

  test("a topic that somebody deleted is made again", async () => {
    const broker = await open();
    const came: string[] = [];
    await broker.consume("deleted", { prefetch: 5 }, async (delivery) => {
      came.push(delivery.id);
      await delivery.ack();
    });
    await broker.publish("deleted", [{ id: "before", payload: "" }]);
    await eventually(
      () => came.includes("before"),
      10_000,
      () => "the first message did not come",
    );
    const admin = createAdmin(parseKafkaUrl(url));
    await admin.deleteTopics({ topics: [topicOf(prefix, "deleted")] });
    await admin.close();
    await persist(15_000, async () => {
      const [result] = await broker.publish("deleted", [{ id: "after", payload: "" }]);
      if (!result!.ok) throw result!.error;
    });
    await eventually(
      () => came.includes("after"),
      20_000,
      () => "nothing came after the deletion",
    );
  }, 60_000);

  test("tells when nothing answers", async () => {
    const error = await refusal(openKafkaBroker("kafka://127.0.0.1:1"), "unavailable");
    expect(error.cause).toBeDefined();
  });
});
