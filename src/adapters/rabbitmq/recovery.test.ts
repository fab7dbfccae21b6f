import { randomBytes } from "node:crypto";
import { connect } from "amqplib";
import { afterAll, describe, expect, test } from "vitest";
import { deleteQueues } from "../../../test/services/rabbitmq.ts";
import type { Delivery } from "../../ports/broker.ts";
import { refusal } from "../../testing/refusal.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { eventually, persist, sleep } from "../../testing/wait.ts";
import { openRabbitBroker } from "./broker.ts";
import { openRabbitBus } from "./bus.ts";

const url = process.env.MILLRACE_TEST_AMQP ?? "amqp://guest:guest@127.0.0.1:5672";
const base = `r${randomBytes(4).toString("hex")}`;
const queues = ["deleted", "vanished", "limit", "seen", "other"].map((name) => `${base}/${name}`);
const [deleted, vanished, limit, seen, other] = queues as [string, string, string, string, string];

await withService("RabbitMQ", addressOf(url, 5672), async () => {
  afterAll(() => deleteQueues(url, queues));

  const comes = (taken: readonly Delivery[], id: string) =>
    eventually(
      () => taken.some((delivery) => delivery.id === id),
      10_000,
      () => `${id} did not come`,
    );

  describe("rabbitmq broker", () => {
    test("a consumer goes on when its queue was deleted under it", async () => {
      const broker = await openRabbitBroker(url);
      const taken: Delivery[] = [];
      await broker.consume(deleted, { prefetch: 5 }, (delivery) => {
        taken.push(delivery);
        return delivery.ack();
      });
      await deleteQueues(url, [deleted]);
      // RabbitMQ notifies consumers about 30 ms later; see REDECLARE_AFTER_MS.
      await sleep(100);
      await persist(5_000, async () => {
        const [result] = await broker.publish(deleted, [{ id: "after", payload: "" }]);
        if (!result?.ok) throw result?.error;
      });
      await comes(taken, "after");
      await broker.close();
    });

    test("a publish to a queue that was deleted since declares it again and loses nothing", async () => {
      const broker = await openRabbitBroker(url);
      await broker.publish(vanished, [{ id: "before", payload: "" }]);
      await deleteQueues(url, [vanished]);
      const results = await broker.publish(vanished, [
        { id: "same", payload: "1" },
        { id: "same", payload: "2" },
        { id: "another", payload: "3" },
      ]);
      expect(results).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
      expect(await broker.depth!(vanished)).toBe(3);
      await broker.close();
    });

    test("beyond its delivery limit a message is dead-lettered by RabbitMQ itself", async () => {
      const broker = await openRabbitBroker(url, { deliveryLimit: 2 });
      const taken: Delivery[] = [];
      await broker.consume(limit, { prefetch: 1 }, (delivery) => {
        taken.push(delivery);
        return delivery.retry();
      });
      await broker.publish(limit, [{ id: "poison", payload: "p" }]);
      await eventually(
        async () => (await broker.deadLetters!(limit, 1)).length === 1,
        10_000,
        () => "it was not dead-lettered",
      );
      expect(taken.map(({ count }) => count)).toEqual([1, 2, 3]);
      await broker.close();
    });

    test("an operator finds durable quorum queues under the names of the pipeline steps", async () => {
      const broker = await openRabbitBroker(url);
      await broker.publish(seen, [{ id: "one", payload: "p" }]);
      const connection = await connect(url);
      const channel = await connection.createChannel();
      expect((await channel.checkQueue(seen)).messageCount).toBe(1);
      expect((await channel.checkQueue(`${seen}:dead`)).messageCount).toBe(0);
      const message = await channel.get(seen, { noAck: true });
      expect(message).toMatchObject({
        fields: { exchange: "millrace", routingKey: seen },
        properties: { messageId: "one", deliveryMode: 2 },
      });
      await connection.close();
      await broker.close();
    });

    test("a queue with other settings is refused with its name", async () => {
      const connection = await connect(url);
      const channel = await connection.createChannel();
      await channel.assertQueue(other, { durable: false });
      const broker = await openRabbitBroker(url);
      const [result] = await broker.publish(other, [{ id: "one", payload: "p" }]);
      expect(result).toMatchObject({ ok: false, error: { code: "config_invalid", retryable: false } });
      expect(result?.ok === false && result.error.message).toContain(other);
      const error = await refusal(
        broker.consume(other, { prefetch: 1 }, () => {}),
        "config_invalid",
      );
      expect(error.message).toContain(other);
      await broker.close();
      await connection.close();
    });
  });

  describe("opening rabbitmq", () => {
    const wrongUser = url.replace("amqp://guest:guest@", "amqp://guest:secret@");
    const wrongVhost = Object.assign(new URL(url), { pathname: "/no-such-vhost" }).href;
    const cases: [string, string, string, RegExp][] = [
      [
        "a refused connection",
        "amqp://127.0.0.1:1/",
        "unavailable",
        /127\.0\.0\.1:1 cannot be used: the connection was refused.*ECONNREFUSED/,
      ],
      ["a wrong password", wrongUser, "config_invalid", /rejects the user or password/],
      ["a virtual host that is not there", wrongVhost, "config_invalid", /virtual host "no-such-vhost"/],
      ["no URL at all", "rabbit", "config_invalid", /malformed/],
    ];
    for (const [name, wrong, code, message] of cases) {
      test(`${name} fails at once with one clear line`, async () => {
        for (const open of [openRabbitBroker, openRabbitBus]) {
          const error = await refusal(open(wrong), code);
          expect(error.message).toMatch(message);
          expect(error.message).not.toMatch(/secret|\n/);
        }
      });
    }
  });
});
