import { expect, test } from "vitest";
import { Problem } from "../api/problem.ts";
import { passes, pauseMs, persist } from "./persist.ts";

const busy = new Problem({ code: "unavailable", status: 503 });
const signal = new AbortController().signal;

test("work is repeated until it succeeds", async () => {
  let tries = 0;
  const work = async () => {
    if (++tries < 3) throw busy;
    return "done";
  };
  expect(await persist(work, { signal })).toBe("done");
  expect(tries).toBe(3);
});

test("a refusal is told at once", async () => {
  const refusal = new Problem({ code: "unsupported_media", status: 415 });
  await expect(persist(() => Promise.reject(refusal), { signal })).rejects.toBe(refusal);
});

test("it ends when it is no longer wanted", async () => {
  const controller = new AbortController();
  const work = async () => {
    controller.abort();
    throw busy;
  };
  await expect(persist(work, { signal: controller.signal })).rejects.toThrow(/abort/i);
});

test("a full queue or disk does not pass by itself", () => {
  expect(passes(new Problem({ code: "network" }))).toBe(true);
  expect(passes(new Problem({ code: "queue_full", status: 429 }))).toBe(false);
  expect(passes(new Problem({ code: "storage_full", status: 507 }))).toBe(false);
});

test("pauses grow up to a limit, and heed the server's", () => {
  expect([1, 2, 3, 20].map((failures) => pauseMs(failures, null, () => 1))).toEqual([
    300, 600, 1_200, 20_000,
  ]);
  expect(pauseMs(1, 5, () => 1)).toBe(5_000);
});
