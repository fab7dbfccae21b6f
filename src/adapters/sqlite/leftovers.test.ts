import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startWriter } from "./client.ts";
import { socketFile } from "./protocol.ts";

test("the socket of a killed owner is removed by the next one, and nothing else that is named as such", async () => {
  const data = mkdtempSync(join(tmpdir(), "data-"));
  const path = join(data, "records.db");
  const left = mkdtempSync(join(tmpdir(), "millrace-"));
  writeFileSync(join(left, "writer.sock"), "");
  for (const [folder, stays] of [
    [left, false],
    [data, true],
  ] as const) {
    writeFileSync(socketFile(path), join(folder, "writer.sock"));
    const writer = await startWriter({ path, publishes: true });
    expect(existsSync(folder)).toBe(stays);
    await writer.close();
  }
  expect(existsSync(path)).toBe(true);
  rmSync(data, { recursive: true });
});
