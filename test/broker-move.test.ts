import { describe, expect, test } from "vitest";
import { addressOf, withServices } from "../src/testing/services.ts";
import { millrace } from "./cli/command.ts";
import { type BrokerName, moveUnderTraffic } from "./scaling/broker-move.ts";
import { serviceUrls } from "./services.ts";

const urls = serviceUrls("probe");
const services = {
  PostgreSQL: addressOf(urls.postgres, 5432),
  Redis: addressOf(urls.redis, 6379),
  RabbitMQ: addressOf(urls.rabbitmq, 5672),
};

await withServices(services, () => {
  const moves: [BrokerName, BrokerName][] = [
    ["redis", "rabbitmq"],
    ["postgres", "redis"],
    ["rabbitmq", "postgres"],
  ];
  describe.each(moves)("from %s to %s, under traffic", (from, to) => {
    test("no task is lost, charged, or late", { timeout: 240_000 }, async () => {
      const result = await moveUnderTraffic(from, to, 600);
      expect(result).toMatchObject({ lost: 0, twice: 0, charged: 0 });
      // Relative to the wait before the move, which is long on a busy machine anyway.
      expect(result.longestWait).toBeLessThan(15 + 2 * result.longestWaitBefore);
    });
  });

  test("a move that makes no sense is refused", async () => {
    const same = ["broker", "move", "--store", urls.postgres, "--broker", urls.redis, "--to", urls.redis];
    expect(await millrace(same)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("already in use"),
    });
    const embedded = ["broker", "move", "--to", urls.redis];
    expect(await millrace(embedded)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("data folder"),
    });
  });
});
