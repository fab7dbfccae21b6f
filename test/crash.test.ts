import { expect, test } from "vitest";
import { campaign } from "./crash/campaign.ts";
import { faultsIn, textOf } from "./crash/card.ts";

const embedded = {
  broker: "sqlite",
  store: "sqlite",
  itemsPerJob: [20],
  workers: 2,
  killServers: false,
} as const;

test("kill -9 of workers, API and supervisor, stops and clock steps under load lose and repeat nothing", {
  timeout: 240_000,
}, async () => {
  const card = await campaign({
    ...embedded,
    kills: 8,
    tasks: 400,
    everyMs: 1_200,
    failures: 0.02,
    broken: 0.01,
    // With this concurrency, short tasks would end before any kill.
    long: 0.3,
    stopped: 0.15,
    clockSteps: 0.15,
    concurrency: 50,
    parts: 150,
    signal: "SIGKILL",
  });
  expect(faultsIn(card), textOf(card)).toEqual([]);
  expect(card).toMatchObject({ jobs: 20, tasks: 400, parts: 150 });
  // If no kill hit running work, the test proves nothing.
  expect(card.rerun.tasks).toBeGreaterThan(0);
});

test("SIGTERM under load loses nothing and charges no attempt", { timeout: 240_000 }, async () => {
  const card = await campaign({
    ...embedded,
    kills: 8,
    tasks: 300,
    everyMs: 1_000,
    failures: 0,
    broken: 0,
    signal: "SIGTERM",
  });
  expect(faultsIn(card), textOf(card)).toEqual([]);
  // Running work was allowed to finish, so nothing ran twice.
  expect(card.attempts).toBe(card.tasks);
});
