import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../compose/version.ts";
import { distribution, figuresOf } from "../figures.ts";
import type { RequestRecord } from "../records.ts";
import { createLive } from "./live.ts";
import { ramp } from "./profiles.ts";
import { reasonsOf } from "./summary.ts";
import { permittedAddresses } from "./this-machine.ts";
import { judge, parseThreshold } from "./thresholds.ts";
import { uniqueCopy } from "./unique-copy.ts";

function request(given: Partial<RequestRecord>): RequestRecord {
  return {
    type: "request",
    cell: "a",
    id: "1",
    scenario: null,
    dueMs: 0,
    sentMs: 0,
    acceptedMs: null,
    startedMs: null,
    endedMs: null,
    seenMs: 0,
    outcome: "ok",
    status: 200,
    detail: null,
    ...given,
  };
}

/** Accepted after 5 ms, started after 15, ended after 115, result known after 120. */
const good = { acceptedMs: 5, startedMs: 15, endedMs: 115, seenMs: 120 };
const requests = [
  ...Array.from({ length: 9 }, (_, n) => request({ ...good, id: String(n) })),
  request({
    dueMs: 1_000,
    sentMs: 1_060,
    seenMs: 1_100,
    outcome: "refused",
    status: 429,
    detail: "queue_full",
  }),
];

describe("figures", () => {
  test("each part of the time, outcomes and rates", () => {
    const figures = figuresOf(requests);
    expect(figures).toMatchObject({ requests: 10, seconds: 1.1, offeredPerSecond: 10 });
    expect(figures.outcomes).toMatchObject({ ok: 9, refused: 1 });
    const { accept, wait, service, total } = figures.times;
    expect([accept!.p50, wait!.p50, service!.p50, total!.p99]).toEqual([5, 10, 100, 120]);
    expect(total!.count).toBe(9);
    expect(figures.lateness!.max).toBe(60);
    expect(figuresOf([]).times.total).toBeNull();
  });

  test("hundreds of thousands of values are no problem", () => {
    const values = Array.from({ length: 300_000 }, (_, n) => n);
    expect(distribution(values)).toMatchObject({ min: 0, max: 299_999, p50: 149_999 });
  });

  test("reasons, most frequent first", () => {
    expect(reasonsOf(requests)).toEqual([
      { outcome: "refused", text: "refused · 429 · queue_full", count: 1 },
    ]);
  });
});

describe("thresholds", () => {
  const measured = { ...figuresOf(requests), idle: null };
  const holds = (text: string) => judge([parseThreshold(text)], measured)[0]!;

  test("hold or do not, in their units", () => {
    expect(holds("accept.p95<5.1ms")).toMatchObject({ holds: true, reached: 5 });
    expect(holds("accept.p95<5")).toMatchObject({ holds: false });
    expect(holds("total.p99<=0.12s")).toMatchObject({ holds: true });
    expect(holds("ok.share>=90%")).toMatchObject({ holds: true, reached: 0.9 });
    expect(holds("ok.share>0.9")).toMatchObject({ holds: false });
    expect(holds("refused.count<1")).toMatchObject({ holds: false, reached: 1 });
    expect(holds("ok.rate>8")).toMatchObject({ holds: true });
  });

  test("what was not measured holds no threshold", () => {
    expect(holds("idle.p95<1s")).toEqual({ threshold: "idle.p95<1s", reached: null, holds: false });
    const nothing = { ...figuresOf([]), idle: null };
    expect(judge([parseThreshold("ok.share>=0%")], nothing)[0]).toMatchObject({
      reached: null,
      holds: false,
    });
  });

  test("what cannot be meant is refused, with what can", () => {
    for (const text of [
      "p95<5",
      "accept.p97<5",
      "ok.share>5ms",
      "ok.count<5%",
      "accept.p95=5",
      "total.p95<1.2.3",
    ])
      expect(() => parseThreshold(text), text).toThrow(/is not a valid threshold\. Write, for example, /);
  });
});

describe("where load may go", () => {
  const allowed = (url: string, consent?: string) => permittedAddresses(new URL(url), consent);

  test("this machine, by any of its names", async () => {
    expect(await allowed("http://127.0.0.1:8080")).toEqual([{ address: "127.0.0.1", family: 4 }]);
    expect(await allowed("http://[::1]:8080")).toEqual([{ address: "::1", family: 6 }]);
    expect(await allowed("http://localhost:8080")).not.toEqual([]);
  });

  test("another host only with consent that names it", async () => {
    await expect(allowed("http://192.0.2.7:80")).rejects.toThrow(/192\.0\.2\.7 is not this machine/);
    await expect(allowed("http://192.0.2.7:80", "192.0.2.8")).rejects.toThrow(
      /--yes-other-host 192\.0\.2\.7/,
    );
    expect(await allowed("http://192.0.2.7:80", "192.0.2.7")).toEqual([{ address: "192.0.2.7", family: 4 }]);
    // An address embedded in another one is a different address.
    await expect(allowed("http://[2001:db8::1]:80")).rejects.toThrow(/is not this machine/);
  });
});

describe("unique copies", () => {
  test.each(["sea.jpg", "flower.png"])("%s: other bytes, the same picture", async (name) => {
    const file = await readFile(join(packageRoot, "samples", name));
    const [one, other] = [uniqueCopy(file, "1")!, uniqueCopy(file, "2")!];
    expect(one.equals(other)).toBe(false);
    const pixels = (data: Buffer) => sharp(data, { failOn: "warning" }).resize(64).raw().toBuffer();
    expect((await pixels(one)).equals(await pixels(file))).toBe(true);
  });

  test("a PDF keeps its bytes, and a comment follows; other kinds have no place for one", () => {
    const pdf = Buffer.from("%PDF-1.7\n…\n%%EOF\n");
    expect(uniqueCopy(pdf, "7")!.toString("latin1")).toMatch(/%%EOF\n\n% millrace load 7\n$/);
    expect(uniqueCopy(Buffer.from("plain text"), "7")).toBeNull();
  });
});

test("the live line says how far it is, and the times since the line before", () => {
  const live = createLive(ramp(10, 120, 60_000));
  live.sent();
  live.sent();
  live.ended(request(good));
  const line = live.line(30_000);
  expect(line).toContain("0m30s/1m00s ████████░░░░░░░░  65 users  2 sent  1 ok  0 failed  1 in flight");
  expect(line).toContain("p95 accept 5.00 ms total 120 ms");
  expect(live.line(31_000)).toContain("p95 accept – total –");
});
