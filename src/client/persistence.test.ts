import { expect, test } from "vitest";
import { unwatched } from "./connection.ts";
import { pauseMs, persist } from "./persistence.ts";
import { Problem } from "./problem.ts";

const busy = new Problem({ code: "unavailable", status: 503 });
const signal = new AbortController().signal;
const usual = { signal, connection: unwatched, retries: 8 };

test("work is repeated until it succeeds", async () => {
  let tries = 0;
  const work = async () => {
    if (++tries < 3) throw busy;
    return "done";
  };
  expect(await persist(work, usual)).toBe("done");
  expect(tries).toBe(3);
});

test("a refusal is told at once", async () => {
  const refusal = new Problem({ code: "unsupported_media", status: 415 });
  await expect(persist(() => Promise.reject(refusal), usual)).rejects.toBe(refusal);
});

test("it ends when it is no longer wanted", async () => {
  const controller = new AbortController();
  const work = async () => {
    controller.abort();
    throw busy;
  };
  await expect(persist(work, { ...usual, signal: controller.signal })).rejects.toThrow(/abort/i);
});

test("a full queue or disk does not pass by itself", () => {
  expect(new Problem({ code: "network" }).isTransient).toBe(true);
  expect(new Problem({ code: "queue_full", status: 429 }).isTransient).toBe(false);
  expect(new Problem({ code: "storage_full", status: 507 }).isTransient).toBe(false);
});

test("pauses grow up to a limit, and heed the server's", () => {
  expect([1, 2, 3, 20].map((failures) => pauseMs(failures, null, () => 1))).toEqual([
    300, 600, 1_200, 20_000,
  ]);
  expect(pauseMs(1, 5, () => 1)).toBe(5_000);
});
