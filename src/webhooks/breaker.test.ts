import { describe, expect, test } from "vitest";
import { healthy, type WebhookHealth } from "../domain/webhooks.ts";
import { afterFailure, afterSuccess, breakerState, isHopeless } from "./breaker.ts";

const DAY = 24 * 3_600_000;
const fail = (
  health: WebhookHealth,
  at: number,
  { isFirst = false, pauseMs }: { isFirst?: boolean; pauseMs?: number } = {},
) => afterFailure(health, { at, status: 500, message: "It responded with 500.", pauseMs, isFirst }, 0);
const failed = (times: number, at: number) =>
  Array.from({ length: times }).reduce<WebhookHealth>((health) => fail(health, at), healthy);

describe("the breaker", () => {
  test("opens at the fifth failure in a row, and no further for what was under way then", () => {
    expect(breakerState(failed(4, 1_000), 1_000)).toBe("closed");
    const open = failed(5, 1_000);
    expect([breakerState(open, 1_000), breakerState(open, 5_999), breakerState(open, 6_000)]).toEqual([
      "open",
      "open",
      "half_open",
    ]);
    expect(failed(8, 1_000)).toMatchObject({ failures: 8, opened: 1, notBefore: 6_000 });
  });

  test("stays open for twice as long after each probe that fails, up to five minutes", () => {
    let health = failed(5, 0);
    const opens = [];
    for (let probe = 0; probe < 8; probe++) {
      const at = health.notBefore!;
      health = fail(health, at);
      opens.push(health.notBefore! - at);
    }
    expect(opens).toEqual([10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
    health = afterSuccess(health, 1_000_000);
    expect(breakerState(health, 1_000_000)).toBe("closed");
    expect(health).toMatchObject({ failures: 0, opened: 0, failingSince: null, lastDeliveredAt: 1_000_000 });
  });

  test("is open for no longer when first tries fail, however many", () => {
    let health = failed(5, 0);
    for (let probe = 0; probe < 20; probe++) {
      const at = health.notBefore!;
      health = fail(health, at, { isFirst: true });
      expect(health.notBefore! - at).toBe(5_000);
      expect(breakerState(health, at)).toBe("open");
    }
  });

  test("does not open for a pause that was asked for, but waits for its end", () => {
    let health: WebhookHealth = healthy;
    for (let n = 0; n < 10; n++) health = fail(health, 0, { pauseMs: 60_000 });
    expect(health).toMatchObject({ opened: 0, notBefore: 60_000 });
    expect([breakerState(health, 59_999), breakerState(health, 60_000)]).toEqual(["open", "closed"]);
  });
});

test("an endpoint is hopeless after five days and ten tries without a success", () => {
  const since = 7 * DAY;
  expect(isHopeless(failed(10, since), since + 5 * DAY - 1)).toBe(false);
  expect(isHopeless(failed(10, since), since + 5 * DAY)).toBe(true);
  expect(isHopeless(failed(9, since), since + 5 * DAY)).toBe(false);
  const back = fail(afterSuccess(failed(20, since), since + 4 * DAY), since + 4 * DAY + 1);
  expect(isHopeless({ ...back, failures: 20 }, since + 5 * DAY)).toBe(false);
});
