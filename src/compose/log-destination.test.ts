import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logDestination } from "./log-destination.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-log-"));
let pipe: number;
beforeAll(() => {
  execFileSync("mkfifo", [join(folder, "log")]);
  pipe = openSync(join(folder, "log"), constants.O_RDWR | constants.O_NONBLOCK);
});
afterAll(() => {
  closeSync(pipe);
  rmSync(folder, { recursive: true, force: true });
});

/** What is in the pipe now. */
function drain(): string {
  const chunk = Buffer.alloc(64 * 1024);
  let text = "";
  try {
    for (;;) text += chunk.subarray(0, readSync(pipe, chunk)).toString();
  } catch {
    return text;
  }
}

function fill(): void {
  try {
    for (;;) writeSync(pipe, "x".repeat(4_096));
  } catch {}
}

test("lines that cannot be written wait, and those beyond the bound are counted", async () => {
  const log = logDestination(pipe, (lines) => `lost ${lines}\n`);
  log.write("first\n");
  await expect.poll(drain).toBe("first\n");
  fill();
  const line = `${"y".repeat(1_023)}\n`;
  for (let n = 0; n < 1_500; n++) log.write(line);
  log.end();
  let text = "";
  const isComplete = () => {
    text += drain();
    return text.includes("lost ");
  };
  await expect.poll(isComplete, { timeout: 10_000, interval: 20 }).toBe(true);
  const lines = text
    .replace(/^x+/, "")
    .split("\n")
    .filter((one) => one !== "");
  const lost = 1_500 - (lines.length - 1);
  expect(lines.at(-1)).toBe(`lost ${lost}`);
  expect([log.takeLost(), log.takeLost()]).toEqual([lost, 0]);
  expect(lines.length).toBeGreaterThan(1_000);
});

test("a disk that is full neither throws nor holds up the end", async () => {
  const full = openSync("/dev/full", "w");
  const log = logDestination(full, (lines) => `lost ${lines}\n`);
  for (let n = 0; n < 10; n++) log.write("a line\n");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const began = performance.now();
  log.end();
  expect(performance.now() - began).toBeLessThan(500);
  closeSync(full);
});
