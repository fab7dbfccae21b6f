import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type SupervisorEvent, supervise } from "./supervisor.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-supervisor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entry = join(folder, "child.mjs");
writeFileSync(
  entry,
  `process.on("message", (message) => process.send(message));
   process.on("disconnect", () => process.exit());
   process.send({ kind: "ready", details: null });
   if (process.argv[2] === "hang") for (;;);`,
);

function supervised(args: string[], cwd = folder) {
  const events: SupervisorEvent[] = [];
  const supervisor = supervise({
    entry,
    env: process.env,
    cwd,
    children: [{ name: "child", args }],
    memoryBytes: 1_000,
    onEvent: (event) => events.push(event),
  });
  return { events, supervisor };
}

test("a child that the system has no process for is tried again until it starts", async () => {
  // As with a limit on processes, the child never gets an id.
  const cwd = join(folder, "later");
  const { events, supervisor } = supervised([], cwd);
  await expect.poll(() => events.filter((event) => event.kind === "unborn").length).toBeGreaterThan(1);
  mkdirSync(cwd);
  await supervisor.started;
  expect(Object.keys(supervisor.pids())).toEqual(["child"]);
  await supervisor.stop();
});

test("a child that does not turn to its messages is replaced", { timeout: 60_000 }, async () => {
  const { events, supervisor } = supervised(["hang"]);
  await supervisor.started;
  const first = supervisor.pids().child;
  await expect
    .poll(() => events.some((event) => event.kind === "ended"), { timeout: 50_000, interval: 100 })
    .toBe(true);
  expect(events.find((event) => event.kind === "hung")).toMatchObject({ name: "child", silentMs: 35_000 });
  await expect.poll(() => supervisor.pids().child).toBeGreaterThan(0);
  expect(supervisor.pids().child).not.toBe(first);
  await supervisor.stop();
});
