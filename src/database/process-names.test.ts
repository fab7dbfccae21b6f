import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { hasEnded, processName } from "./process-names.ts";

test("a process is known to have ended by its name, and only then", async () => {
  const path = new URL("./process-names.ts", import.meta.url).href;
  const script = `const { processName } = await import(${JSON.stringify(path)}); console.log(processName()); setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const name = `holder-${said.toString().trim()}`;
  expect(hasEnded(name)).toBe(false);
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
  expect(hasEnded(name)).toBe(true);
});

test("one that is here, elsewhere or unknown is not taken for ended", () => {
  const own = processName()!;
  expect(hasEnded(`holder-${own}`)).toBe(false);
  const [, pid, start] = own.split("-");
  // Another process with its id.
  expect(hasEnded(`holder-${own.split("-")[0]}-${pid}-${Number(start) - 1}`)).toBe(true);
  expect(hasEnded(`holder-000000000000-${pid}-${start}`)).toBe(false);
  expect(hasEnded("0190a0b0-0000-7000-8000-000000000000")).toBe(false);
});
