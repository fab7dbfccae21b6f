import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, describe, expect, test } from "vitest";
import type { Delivery } from "../../ports/broker.ts";
import { refusal } from "../../testing/refusal.ts";
import { addressOf, withService } from "../../testing/services.ts";
import { eventually } from "../../testing/wait.ts";
import { openRedisBroker } from "./broker.ts";
import { openRedisBus } from "./bus.ts";

const url = process.env.MILLRACE_TEST_REDIS ?? "redis://127.0.0.1:6379/5";
const prefix = `test-${randomBytes(4).toString("hex")}`;

await withService("Redis", addressOf(url, 6379), () => {
  const redis = new Redis(url);
  afterAll(async () => {
    for await (const keys of redis.scanStream({ match: `${prefix}:*` })) {
      if (keys.length > 0) await redis.unlink(...(keys as string[]));
    }
    redis.disconnect();
  });

  const comes = (taken: readonly Delivery[], id: string) =>
    eventually(
      () => taken.some((delivery) => delivery.id === id),
      15_000,
      () => `${id} did not come`,
    );

  describe("redis broker", () => {
    test("a consumer goes on when its stream was deleted under it", async () => {
      const broker = await openRedisBroker(url, { prefix });
      const taken: Delivery[] = [];
      await broker.consume("deleted", { prefetch: 5 }, (delivery) => {
        taken.push(delivery);
        return delivery.ack();
      });
      await redis.unlink(`${prefix}:{deleted}`);
      await broker.publish("deleted", [{ id: "after", payload: "" }]);
      await comes(taken, "after");
      await broker.close();
    });

    test("what was held when its stream was deleted is lost, and told so", async () => {
      const broker = await openRedisBroker(url, { prefix });
      const taken: Delivery[] = [];
      await broker.publish("evicted", [{ id: "one", payload: "" }]);
      await broker.consume("evicted", { prefetch: 1 }, (delivery) => void taken.push(delivery));
      await comes(taken, "one");
      await redis.unlink(`${prefix}:{evicted}`);
      await refusal(taken[0]!.ack(), "lost_ownership");
      await broker.close();
    });

    test("a consumer under the name of one that died takes up at once what it held", async () => {
      const queue = "named";
      const options = { prefix, consumerName: "worker-1", ownershipMs: 60_000 };
      const first = await openRedisBroker(url, options);
      await first.publish(queue, [{ id: "held", payload: "" }]);
      // As if the first one's consumer had received it, and the process had died.
      const stream = `${prefix}:{${queue}}`;
      await redis.xgroup("CREATE", stream, "workers", "0");
      await redis.xreadgroup("GROUP", "workers", "worker-1-1", "COUNT", 1, "STREAMS", stream, ">");
      const taken: Delivery[] = [];
      await first.consume(queue, { prefetch: 5 }, (delivery) => {
        taken.push(delivery);
        return delivery.ack();
      });
      await comes(taken, "held");
      expect(taken[0]!.count).toBe(2);
      await first.close();
    });

    test("settled messages leave nothing behind, and closed consumers neither", async () => {
      const broker = await openRedisBroker(url, { prefix });
      const stream = `${prefix}:{tidy}`;
      const taken: Delivery[] = [];
      await broker.consume("tidy", { prefetch: 5 }, async (delivery) => {
        await delivery.ack();
        taken.push(delivery);
      });
      await broker.publish("tidy", [{ id: "one", payload: "" }]);
      await comes(taken, "one");
      await broker.close();
      expect(await redis.xlen(stream)).toBe(0);
      expect(await redis.xinfo("CONSUMERS", stream, "workers")).toEqual([]);
    });
  });

  describe("opening redis", () => {
    const cases: [string, string, string, RegExp][] = [
      [
        "a refused connection",
        "redis://127.0.0.1:1/0",
        "unavailable",
        /127\.0\.0\.1:1 cannot be used: the connection was refused.*ECONNREFUSED/,
      ],
      ["a database that is not there", withPath(url, "/9999"), "config_invalid", /DB index/],
      [
        "a user that is not there",
        url.replace("redis://", "redis://nobody:secret@"),
        "config_invalid",
        /WRONGPASS/,
      ],
    ];
    for (const [name, wrong, code, message] of cases) {
      test(`${name} fails at once with one clear line`, async () => {
        for (const open of [openRedisBroker, openRedisBus]) {
          const error = await refusal(open(wrong), code);
          expect(error.message).toMatch(message);
          expect(error.message).not.toMatch(/secret|\n/);
        }
      });
    }
  });
});

function withPath(url: string, path: string): string {
  return Object.assign(new URL(url), { pathname: path }).href;
}
