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
  `import { existsSync, writeFileSync } from "node:fs";
   process.on("message", (message) => process.send(message));
   process.on("disconnect", () => process.exit());
   const begun = new URL("begun", import.meta.url);
   if (process.argv[2] === "later" && !existsSync(begun)) {
     writeFileSync(begun, "");
     process.send({ kind: "refused", message: "The disk is full.", retryable: true }, () => process.exit(1));
   } else if (process.argv[2] === "wrong")
     process.send({ kind: "refused", message: "A setting is wrong.", retryable: false }, () => process.exit(1));
   else process.send({ kind: "ready", details: null });
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
  // As with a process limit, the child never gets an id.
  const cwd = join(folder, "later");
  const { events, supervisor } = supervised([], cwd);
  await expect.poll(() => events.filter((event) => event.kind === "unborn").length).toBeGreaterThan(1);
  mkdirSync(cwd);
  await supervisor.started;
  expect(Object.keys(supervisor.pids())).toEqual(["child"]);
  await supervisor.stop();
});

test("a child that cannot start yet is tried again; one that never can ends the start", async () => {
  const { events, supervisor } = supervised(["later"]);
  await supervisor.started;
  expect(events.map(({ kind }) => kind)).toEqual(["refused", "ended", "ready"]);
  await supervisor.stop();

  const wrong = supervised(["wrong"]).supervisor;
  await expect(wrong.started).rejects.toThrow("A setting is wrong.");
  await wrong.stop();
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
