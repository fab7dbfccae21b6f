import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { RequestRecord } from "../records.ts";
import { percentile } from "../statistics.ts";
import { dueTimes } from "./arrivals.ts";
import { closedLoop } from "./closed-loop.ts";
import type { Load } from "./exchange.ts";
import { allAtOnce, openLoop } from "./open-loop.ts";
import { type Answer, unsuccessful } from "./target.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Response body of the servers below. */
interface Body {
  job?: string;
  done?: boolean;
  right?: boolean;
  endedAt?: number;
}

async function ask(url: string, signal: AbortSignal, method = "GET"): Promise<Answer> {
  const response = await fetch(url, { method, signal });
  const { status } = response;
  if (status >= 400) return unsuccessful(status, await response.text());
  const { job, done = true, right = true, endedAt = null } = (await response.json()) as Body;
  if (job !== undefined) return { kind: "accepted", status, job };
  return done ? { kind: "done", status, right, startedAt: null, endedAt } : { kind: "pending", status };
}

function loadOn(url: string, given: Partial<Load> = {}): Load & { records: RequestRecord[] } {
  const records: RequestRecord[] = [];
  return {
    cell: "a",
    target: {
      send: ({ signal }) => ask(url, signal, "POST"),
      look: (job, signal) => ask(`${url}/${job}`, signal),
    },
    beganAt: performance.now(),
    deadlineMs: 10_000,
    write: (record) => records.push(record),
    signal: new AbortController().signal,
    records,
    ...given,
  };
}

const totals = (records: RequestRecord[]) => records.map(({ dueMs, seenMs }) => seenMs - dueMs);

describe("a service that stalls for 2 s", () => {
  /** Responds right away, except that nothing is sent between 0.5 and 2.5 s. */
  function stalling(): Promise<string> {
    const begun = performance.now();
    return serve((_, response) => {
      const at = performance.now() - begun;
      const held = at > 500 && at < 2_500 ? 2_500 - at : 0;
      setTimeout(() => response.end("{}"), held);
    });
  }
  const stages = [{ ms: 4_000, from: 50, to: 50 }];

  test("shows in the p99 of an open loop, and in half of its requests", async () => {
    const load = loadOn(await stalling());
    const due = dueTimes(stages, { perUser: 1, seed: 3, spacing: "even" });
    await openLoop(
      load,
      due.map((dueMs, n) => ({ id: String(n), scenario: null, dueMs })),
    );
    expect(load.records).toHaveLength(200);
    expect(load.records.every(({ outcome }) => outcome === "ok")).toBe(true);
    expect(percentile(totals(load.records), 0.99)).toBeGreaterThan(1_800);
    expect(percentile(totals(load.records), 0.6)).toBeGreaterThan(150);
  });

  test("hides from a closed loop, which asks no more while it waits", async () => {
    const load = loadOn(await stalling());
    await closedLoop(load, { stages: [{ ms: 4_000, from: 1, to: 1 }], thinkMs: 5, scenario: () => null });
    expect(load.records.length).toBeGreaterThan(60);
    expect(Math.max(...totals(load.records))).toBeGreaterThan(1_500);
    const stalled = totals(load.records).filter((ms) => ms > 1_000);
    expect(stalled).toHaveLength(1);
  });
});

describe("how a request ends", () => {
  async function outcomeOf(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    given: Partial<Load> = {},
  ): Promise<RequestRecord> {
    const load = loadOn(await serve(answer), given);
    await openLoop(load, allAtOnce(1));
    expect(load.records).toHaveLength(1);
    return load.records[0]!;
  }
  const job =
    (then: (response: ServerResponse) => void) => (request: IncomingMessage, response: ServerResponse) =>
      request.method === "POST" ? response.writeHead(202).end('{"job":"7"}') : then(response);
  const answering =
    (status: number, body: object = {}) =>
    (response: ServerResponse) =>
      response.writeHead(status).end(JSON.stringify(body));

  test("a result, with the times of the service on the cell's clock", async () => {
    const record = await outcomeOf(job((response) => answering(200, { endedAt: Date.now() })(response)));
    expect(record).toMatchObject({ outcome: "ok", status: 200, dueMs: 0, detail: null });
    expect(record.acceptedMs).toBeGreaterThanOrEqual(record.sentMs!);
    expect(Math.abs(record.endedMs! - record.seenMs)).toBeLessThan(500);
  });

  test("polling goes on until the result is there, however the service stumbles meanwhile", async () => {
    let looks = 0;
    const bodies = [answering(503), answering(200, { done: false }), answering(200)];
    const polled = await outcomeOf(
      job((response) => bodies[looks++]!(response)),
      { lookEveryMs: 100 },
    );
    expect(polled.outcome).toBe("ok");
    expect(looks).toBe(3);
    expect(polled.seenMs).toBeGreaterThan(290);
  });

  test("refused, failed, forgotten, wrong", async () => {
    expect(await outcomeOf((_, response) => answering(429)(response))).toMatchObject({
      outcome: "refused",
      status: 429,
    });
    expect(await outcomeOf((_, response) => answering(500)(response))).toMatchObject({
      outcome: "error",
      status: 500,
    });
    expect(await outcomeOf(job(answering(404)))).toMatchObject({ outcome: "lost", status: 404 });
    expect(await outcomeOf(job(answering(200, { right: false })))).toMatchObject({ outcome: "wrong" });
    expect(await outcomeOf((request) => request.destroy())).toMatchObject({ outcome: "error", status: null });
  });

  test("no connection is a refusal", async () => {
    const url = await serve(() => {});
    for (const close of closing.splice(0)) close();
    const load = loadOn(url);
    await openLoop(load, allAtOnce(1));
    expect(load.records).toMatchObject([{ outcome: "refused", detail: "ECONNREFUSED" }]);
  });

  test("late: no answer, no result, or a result after the deadline", async () => {
    const soon = { deadlineMs: 300 };
    expect(await outcomeOf(() => {}, soon)).toMatchObject({ outcome: "timed-out", detail: "no response" });
    const pending = job(answering(200, { done: false }));
    expect(await outcomeOf(pending, soon)).toMatchObject({ outcome: "timed-out", status: 202 });
    // The original's clients wait longer than their own deadline.
    const begun = Date.now();
    const after = job((response) =>
      answering(200, { done: Date.now() - begun > 600, endedAt: Date.now() })(response),
    );
    expect(await outcomeOf(after, { deadlineMs: 300, patienceMs: 5_000, lookEveryMs: 100 })).toMatchObject({
      outcome: "timed-out",
      detail: "the result was ready after the deadline",
    });
  });
});

test("the end of a load ends what waits, without a record of it", async () => {
  const stop = new AbortController();
  const load = loadOn(await serve(() => {}), { signal: stop.signal });
  const running = openLoop(load, allAtOnce(20));
  setTimeout(() => stop.abort(), 100);
  await running;
  expect(load.records).toEqual([]);
});
