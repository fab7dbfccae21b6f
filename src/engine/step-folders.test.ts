import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { newStepFolder, removeAbandonedFolders } from "./step-folders.ts";

test("folders of processes that have ended are removed, and those of the living kept", async () => {
  const own = await newStepFolder();
  const ended = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(ended, "exit");
  const left = own.replace(`-${process.pid}-`, `-${ended.pid}-`);
  const elsewhere = own
    .replace("millrace-step-", "millrace-step-elsewhere.")
    .replace(`-${process.pid}-`, "-1-");
  for (const folder of [left, elsewhere]) {
    mkdirSync(folder);
    writeFileSync(`${folder}/input.jpg`, "x");
  }
  await removeAbandonedFolders();
  expect([left, own, elsewhere].map((folder) => existsSync(folder))).toEqual([false, true, true]);
  for (const folder of [own, elsewhere]) rmSync(folder, { recursive: true });
});
